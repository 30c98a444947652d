import Kernels
import Language
import Pruning

/// An answer in progress: created by `Conversation.begin`, advanced by `Conversation.next`. It is a value without
/// tensors of the cache: dropping it cancels the answer, between two tokens or two chunks of the prompt, and leaves the
/// conversation as it was.
public struct Generation: Sendable {
  /// What one step did.
  public enum Step: Sendable, Hashable {
    /// This many of the prompt's positions are in the cache.
    case prefilled(Int, of: Int)
    /// One more token, with the text that became certain, which may be empty.
    case text(String)
  }

  /// Which answer of the conversation this is.
  let number: Int
  let prompt: PromptSequence
  /// What drops rows of the prompt inside the decoder; nil if nothing does.
  var pruning: PromptPruning?
  let turn: Turn?
  let pictures: [Picture]
  let sent: [SentPicture]
  /// What is known about each picture, for the conversation.
  var features: [FeatureCache] = []
  let options: GenerationOptions
  let spec: StrategySpec
  var timings: StageTimings
  var sampler: Sampler
  var writer: AnswerWriter
  /// How many of the prompt's positions this answer has put into the cache, or found there.
  var prefilled = 0
  /// Logits [vocabulary] of the next token; nil until the whole prompt is in the cache.
  var logits: [Float]?
  /// New tokens so far.
  public internal(set) var tokens: [Int] = []
  /// Why the answer ended; nil while it goes on.
  public internal(set) var finishReason: AnswerRecord.FinishReason?

  /// Positions of the prompt: text and kept visual rows.
  public var promptLength: Int { prompt.items.count }

  /// Chooses the next token from `logits`.
  /// - Returns: the text that became certain, and whether the answer goes on: the decoder runs the token then.
  mutating func write(from logits: [Float], by model: VisionLanguageModel) -> (text: String, goesOn: Bool) {
    let token = sampler.next(logits)
    tokens.append(token)
    let isEnd = model.endTokens.contains(token)
    let piece = isEnd ? "" : writer.append(token)
    let ended = isEnd || writer.isStopped
    let filled = promptLength + tokens.count - 1
    guard !ended, tokens.count < options.maxNewTokens, filled < model.decoder.configuration.contextLength else {
      finishReason = ended ? .stop : .length
      return (piece + writer.finish(), false)
    }
    return (piece, true)
  }

  /// The position of the token that was chosen last.
  var lastPosition: Position { prompt.nextPosition.advanced(by: tokens.count - 1) }

  /// Visual tokens that each block ran on, once the prompt is in the cache; nil if nothing is dropped between blocks.
  private var keptPerBlock: [Int]? {
    guard prefilled == promptLength, let pruning else { return nil }
    return pruning.record.tokensPerBlock(depth: pruning.depth)
  }

  /// The answer so far.
  public var answer: Answer {
    Answer(
      record: AnswerRecord(
        text: writer.text, finishReason: finishReason ?? .length, generatedTokens: tokens.count,
        promptLength: promptLength, visualTokens: sent.reduce(0) { $0 + $1.rows.total },
        sentTokens: sent.reduce(0) { $0 + $1.rows.kept }, keptPerBlock: keptPerBlock, strategy: spec,
        timings: timings),
      generated: tokens, plans: sent.map(\.rows.plan))
  }
}
