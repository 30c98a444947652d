import Images
import TestSupport

@testable import VLM

/// The tiny checkpoints of the Qwen families, and their pictures.
enum QwenModel {
  static let names = [
    "tiny-qwen2-vl-a", "tiny-qwen2-vl-b", "tiny-qwen2_5-vl-a", "tiny-qwen2_5-vl-b", "tiny-qwen3-vl-a",
    "tiny-qwen3-vl-b",
  ]
  /// One of each family.
  static let families = ["tiny-qwen2-vl-b", "tiny-qwen2_5-vl-a", "tiny-qwen3-vl-a"]

  /// The first frames of `fixtures/videos/tiny` as a list of frames.
  static func video(
    _ count: Int, for model: VisionLanguageModel, rate: Double = FrameTimes.standardRate,
    options: PictureOptions = PictureOptions()
  ) throws -> Picture {
    let frames = Array(try ViewModel.frames().prefix(count))
    return try model.video(frames, times: FrameTimes(count: count, rate: rate), file: "tiny", options: options)
  }
}
