import Language
import Pruning

/// How to write the answer.
public struct GenerationOptions: Sendable, Hashable {
  public var maxNewTokens: Int
  public var sampling: SamplingOptions
  /// Whether an answer must not depend on the question before it, in any bit: of an earlier prompt only the part up to
  /// the end of the last picture is used again, and it is run apart from the words that follow. A run that was cut off
  /// then goes on with the answers that it would have had.
  public var isolatesQuestions: Bool

  public init(
    maxNewTokens: Int = 128, sampling: SamplingOptions = SamplingOptions(), isolatesQuestions: Bool = false
  ) {
    self.maxNewTokens = maxNewTokens
    self.sampling = sampling
    self.isolatesQuestions = isolatesQuestions
  }
}

/// The time that each stage took.
public struct StageTimings: Sendable, Hashable {
  public var encode = Duration.zero
  public var prune = Duration.zero
  public var project = Duration.zero
  public var prefill = Duration.zero
  public var decode = Duration.zero

  public init() {}
}

/// What one stage of a strategy left of all pictures.
public struct StageTokens: Sendable, Hashable {
  public enum Place: String, Sendable {
    case tower
    /// Between tower and decoder.
    case between
    case decoder
  }

  public let place: Place
  /// The stage's own name.
  public let strategy: String
  /// Visual tokens; inside the decoder, their mean over its blocks.
  public let tokens: Int
}

/// What a run keeps of an answer: text, counts and timings, and nothing whose size depends on the model.
public struct AnswerRecord: Sendable, Hashable {
  public enum FinishReason: String, Sendable {
    /// The model ended it.
    case stop
    /// The limit on new tokens, or the context's end, ended it.
    case length
  }

  public let text: String
  public let finishReason: FinishReason
  /// New tokens, the one that ended the answer included.
  public let generatedTokens: Int
  /// Positions that the decoder holds before the first new token: text and kept visual rows.
  public let promptLength: Int
  /// Visual tokens of all pictures before pruning.
  public let visualTokens: Int
  /// Visual tokens of all pictures that reach the decoder.
  public let sentTokens: Int
  /// What each stage left, of strategies that act inside the tower or in several places; nil for others, and where
  /// nothing was dropped.
  public let stages: [StageTokens]?
  /// Visual tokens that each decoder block ran on; nil where every block runs on all that are sent.
  public let keptPerBlock: [Int]?
  /// The strategy with every option spelled out.
  public let strategy: StrategySpec
  public let timings: StageTimings

  /// Visual tokens of all pictures that were kept, on average over the decoder's blocks (half to even).
  public var keptTokens: Int { Self.mean(of: keptPerBlock) ?? sentTokens }

  /// Nil where nothing was dropped between blocks.
  static func mean(of keptPerBlock: [Int]?) -> Int? {
    guard let keptPerBlock, !keptPerBlock.isEmpty else { return nil }
    let mean = Double(keptPerBlock.reduce(0, +)) / Double(keptPerBlock.count)
    return Int(mean.rounded(.toNearestOrEven))
  }
}

/// An answer for the caller: its record, the tokens, and what was decided about each picture.
@dynamicMemberLookup
public struct Answer: Sendable {
  public let record: AnswerRecord
  /// New tokens, the one that ended the answer included.
  public let generated: [Int]
  /// One plan per picture of the conversation, in order.
  public let plans: [ImagePlan]

  public subscript<Value>(dynamicMember member: KeyPath<AnswerRecord, Value>) -> Value { record[keyPath: member] }
}
