import Checkpoint
import Images
import Language
import ViT

/// What differs between the generations of Qwen-VL.
public protocol QwenGeneration: Sendable {
  /// config.json's `model_type`.
  static var modelType: String { get }
  /// One line for `vlmprune models`.
  static var summary: String { get }
  /// How the published checkpoints write prompts.
  static var template: ChatMLPrompt { get }
  /// Whether each view of a video stands alone in the prompt, after its time in words.
  static var writesTimes: Bool { get }
  /// The class defaults of its video processor.
  static var video: NativeResolutionConfiguration { get }
  /// Whether a video's areas are bounds on all frames together, which only `size` sets.
  static var sharesVideoArea: Bool { get }
  /// Where the frames of a video file are taken.
  static var spacing: FrameSampling.Spacing { get }

  /// Reads `vision_config`.
  static func tower(_ vision: ConfigurationReader) throws(CheckpointError) -> QwenVisionConfiguration
  /// Reads the decoder's keys.
  /// - Parameter tied: the root's `tie_word_embeddings`.
  static func decoder(_ text: ConfigurationReader, tied: Bool) throws(CheckpointError) -> DecoderConfiguration
  /// Position numbers in a second of video, from `vision_config`; nil: one number a view.
  static func positionsPerSecond(_ vision: ConfigurationReader) throws(CheckpointError) -> Double?
}

/// What most generations share: Qwen2-VL's, which the later ones depart from.
extension QwenGeneration {
  public static var template: ChatMLPrompt { .qwen }
  public static var writesTimes: Bool { false }
  public static var video: NativeResolutionConfiguration { .qwen2Video }
  public static var sharesVideoArea: Bool { false }
  public static var spacing: FrameSampling.Spacing { .fromStart }

  public static func decoder(
    _ text: ConfigurationReader, tied: Bool
  ) throws(CheckpointError) -> DecoderConfiguration {
    try DecoderConfiguration(qwen2: text, tied: tied, standardType: "\(modelType)_text")
  }

  public static func positionsPerSecond(_ vision: ConfigurationReader) throws(CheckpointError) -> Double? { nil }
}

/// LayerNorm, quick GELU, attention over the whole view in every block.
public enum Qwen2VL: QwenGeneration {
  public static let modelType = "qwen2_vl"
  public static let summary = "Qwen2-VL: pictures and videos at their own size, 2×2 patches a token, Qwen2 decoder"

  public static func tower(_ vision: ConfigurationReader) throws(CheckpointError) -> QwenVisionConfiguration {
    try QwenVisionConfiguration(qwen2: vision)
  }
}

/// RMSNorm, gated feed-forward layers, windows in most blocks, times of videos in the positions.
public enum Qwen25VL: QwenGeneration {
  public static let modelType = "qwen2_5_vl"
  public static let summary = "Qwen2.5-VL: as Qwen2-VL, with window attention in most blocks of the tower"

  public static func tower(_ vision: ConfigurationReader) throws(CheckpointError) -> QwenVisionConfiguration {
    try QwenVisionConfiguration(qwen25: vision)
  }

  public static func positionsPerSecond(_ vision: ConfigurationReader) throws(CheckpointError) -> Double? {
    let found = try vision.number("tokens_per_second", default: 4)
    guard found <= 1000 else { throw vision.error("tokens_per_second", found: "\(found)", expected: "at most 1000") }
    return found
  }
}

/// Learned positions that are interpolated, DeepStack, times of videos as text.
public enum Qwen3VL: QwenGeneration {
  public static let modelType = "qwen3_vl"
  public static let summary = "Qwen3-VL: as Qwen2-VL, with features of several blocks (DeepStack), Qwen3 decoder"
  public static let template = ChatMLPrompt.qwen3
  public static let writesTimes = true
  public static let video = NativeResolutionConfiguration.qwen3Video
  public static let sharesVideoArea = true
  public static let spacing = FrameSampling.Spacing.fromStartToEnd

  public static func tower(_ vision: ConfigurationReader) throws(CheckpointError) -> QwenVisionConfiguration {
    try QwenVisionConfiguration(qwen3: vision)
  }

  public static func decoder(
    _ text: ConfigurationReader, tied: Bool
  ) throws(CheckpointError) -> DecoderConfiguration {
    try DecoderConfiguration(qwen3: text, tied: tied, standardType: "qwen3_vl_text")
  }
}

extension NativeResolutionConfiguration {
  /// Qwen2VLVideoProcessor's.
  static let qwen2Video: NativeResolutionConfiguration = {
    var configuration = NativeResolutionConfiguration()
    configuration.leastArea = 128 * 28 * 28
    configuration.mostArea = 768 * 28 * 28
    return configuration
  }()

  /// Qwen3VLVideoProcessor's.
  static let qwen3Video: NativeResolutionConfiguration = {
    var configuration = NativeResolutionConfiguration()
    configuration.patchSize = 16
    configuration.leastArea = 128 * 32 * 32
    configuration.mostArea = 768 * 32 * 32
    configuration.pixels.mean = [0.5, 0.5, 0.5]
    configuration.pixels.deviation = [0.5, 0.5, 0.5]
    return configuration
  }()
}
