import Pruning

/// How to prune.
public struct PruningSetting: Sendable {
  public var strategy: any PruningStrategy
  public var budget: Budget
  public var positions: ImagePlan.Positions
  public var seed: UInt64
  /// How strategies that treat each view alone send several views.
  public var packing: ViewPacking

  public init(
    strategy: any PruningStrategy, budget: Budget, positions: ImagePlan.Positions = .renumbered, seed: UInt64 = 0,
    packing: ViewPacking = .spatial
  ) {
    self.strategy = strategy
    self.budget = budget
    self.positions = positions
    self.seed = seed
    self.packing = packing
  }

  /// Reads a strategy spec and a budget as the command line spells them: "hiprune(alpha=0.1)", "25%".
  /// - Throws: `PruningError`.
  public init(_ spec: String, keep budget: String) throws(PruningError) {
    self.init(strategy: try StrategyCatalogue.make(parsing: spec), budget: try Budget(parsing: budget))
  }
}

/// How to write the answer.
public struct GenerationOptions: Sendable, Hashable {
  public var maxNewTokens: Int
  public var sampling: SamplingOptions

  public init(maxNewTokens: Int = 128, sampling: SamplingOptions = SamplingOptions()) {
    self.maxNewTokens = maxNewTokens
    self.sampling = sampling
  }
}

/// What each stage took.
public struct StageTimings: Sendable, Hashable {
  public var encode = Duration.zero
  public var prune = Duration.zero
  public var project = Duration.zero
  public var prefill = Duration.zero
  public var decode = Duration.zero

  public init() {}
}

/// An answer, with what it cost.
public struct Answer: Sendable {
  public enum FinishReason: String, Sendable {
    /// The model ended it.
    case stop
    /// The limit on new tokens, or the context's end, ended it.
    case length
  }

  public let text: String
  public let finishReason: FinishReason
  /// New tokens, the one that ended the answer included.
  public let generated: [Int]
  /// Logits [vocabulary] of the first new token.
  public let firstLogits: [Float]
  /// Positions that the decoder holds before the first new token: text and kept visual rows.
  public let promptLength: Int
  /// One entry a picture of the conversation, in order.
  public let visual: [VisualRows]
  /// The strategy with every option spelled out.
  public let strategy: StrategySpec
  public let timings: StageTimings

  /// Visual tokens of all pictures before pruning.
  public var visualTokens: Int { visual.reduce(0) { $0 + $1.total } }
  /// Visual tokens of all pictures that were kept.
  public var keptTokens: Int { visual.reduce(0) { $0 + $1.kept } }
}
