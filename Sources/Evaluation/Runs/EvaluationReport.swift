import Pruning
import VLM

/// `eval --json`.
public struct EvaluationReport: Sendable, Encodable {
  public struct Category: Sendable, Encodable {
    public let accuracy: Double
    public let interval: [Double]
    public let n: Int

    init(_ share: EvaluationTally.Share) {
      accuracy = share.mean
      interval = share.interval
      n = share.count
    }
  }

  public let accuracy: Double
  public let interval: [Double]
  public let n: Int
  public let categories: [String: Category]
  public let strategy: String
  /// Of the first image, as every other one of a model with one view has.
  public let visualTokens: Int
  /// Mean over answers.
  public let kept: Double
  public let keepRatio: Double
  public let metric: String
  /// Sums over the run, in milliseconds, by stage.
  public let timings: [String: Double]
  /// Questions without an answer; they count as wrong.
  public let failed: Int
  /// Whether the run was stopped before its end.
  public let partial: Bool
  /// The most memory that the process had; nil where nobody measured it.
  public let peakBytes: Int?

  private enum CodingKeys: String, CodingKey {
    case accuracy, interval, n, categories, strategy, kept, metric, failed, partial
    case visualTokens = "visual_tokens"
    case keepRatio = "keep_ratio"
    case timings = "timings_ms"
    case peakBytes = "peak_bytes"
  }

  public init(
    _ tally: EvaluationTally, strategy: String, metric: Metric, partial: Bool = false, peakBytes: Int? = nil
  ) {
    accuracy = tally.overall.mean
    interval = tally.overall.interval
    n = tally.overall.count
    categories = tally.categories.mapValues(Category.init)
    self.strategy = strategy
    visualTokens = tally.firstVisualTokens
    kept = Double(tally.keptTokens) / Double(max(tally.answered, 1))
    keepRatio = Double(tally.keptTokens) / Double(max(tally.visualTokens, 1))
    self.metric = metric.rawValue
    let stages = StageTimings().milliseconds
    timings = stages.merging(tally.times) { $1 }
    failed = tally.failed
    self.partial = partial
    self.peakBytes = peakBytes
  }
}
