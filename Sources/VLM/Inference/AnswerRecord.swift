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
  /// Texts that end the answer, and are no part of it.
  public var stop: [String]
  /// Of sampling; nil: the pruning setting's.
  public var seed: UInt64?

  public init(
    maxNewTokens: Int = 128, sampling: SamplingOptions = SamplingOptions(), isolatesQuestions: Bool = false,
    stop: [String] = [], seed: UInt64? = nil
  ) {
    self.maxNewTokens = maxNewTokens
    self.sampling = sampling
    self.isolatesQuestions = isolatesQuestions
    self.stop = stop
    self.seed = seed
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

/// What a run keeps of an answer: text, counts and timings, and nothing whose size depends on the model.
public struct AnswerRecord: Sendable, Hashable {
  public enum FinishReason: String, Sendable {
    /// The model or a stop text ended it.
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
  /// Visual tokens that each decoder block ran on; nil where every block runs on all that are sent.
  public let keptPerBlock: [Int]?
  /// The strategy with every option spelled out.
  public let strategy: StrategySpec
  public let timings: StageTimings

  /// Visual tokens of all pictures that were kept, on average over the decoder's blocks (half to even).
  public var keptTokens: Int {
    guard let keptPerBlock, !keptPerBlock.isEmpty else { return sentTokens }
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
