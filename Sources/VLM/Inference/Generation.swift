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
  let features: [FeatureCache]
  let options: GenerationOptions
  let spec: StrategySpec
  let strategy: any PruningStrategy
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

  /// Visual tokens that each block ran on, once the prompt is in the cache; nil if nothing is dropped between blocks.
  private var keptPerBlock: [Int]? {
    guard prefilled == promptLength, let pruning else { return nil }
    return pruning.record.tokensPerBlock(depth: pruning.depth)
  }

  /// What each stage of the strategy left; nil for a single one after the tower.
  private var stages: [StageTokens]? {
    func count(_ tokens: (VisualRows) -> Int) -> Int { sent.reduce(0) { $0 + tokens($1.rows) } }
    let (inTower, sentTokens) = (strategy.inTower, count(\.kept))
    var stages: [StageTokens] = []
    if let inTower {
      stages.append(
        StageTokens(place: .tower, strategy: type(of: inTower.reduction).name, tokens: count(\.leavingTower)))
    }
    let between = inTower == nil ? strategy.beforeDecoder : inTower?.between
    if let between, type(of: between).prunes {
      stages.append(StageTokens(place: .between, strategy: type(of: between).name, tokens: sentTokens))
    }
    if let inDecoder = strategy.inDecoder {
      let kept = AnswerRecord.mean(of: keptPerBlock) ?? sentTokens
      stages.append(StageTokens(place: .decoder, strategy: type(of: inDecoder).name, tokens: kept))
    }
    guard inTower != nil || stages.count > 1, stages.contains(where: { $0.tokens < count(\.total) }) else { return nil }
    return stages
  }

  /// The answer so far.
  public var answer: Answer {
    Answer(
      record: AnswerRecord(
        text: writer.text, finishReason: finishReason ?? .length, generatedTokens: tokens.count,
        promptLength: promptLength, visualTokens: sent.reduce(0) { $0 + $1.rows.total },
        sentTokens: sent.reduce(0) { $0 + $1.rows.kept }, stages: stages, keptPerBlock: keptPerBlock,
        strategy: spec,
        timings: timings),
      generated: tokens, plans: sent.map(\.rows.plan))
  }
}
