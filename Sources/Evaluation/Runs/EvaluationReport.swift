import Pruning
import VLM

/// The result of `eval --json`.
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
  /// Those of the first image; they are the same for every image of a model with one view.
  public let visualTokens: Int
  /// Mean over answers.
  public let kept: Double
  public let keepRatio: Double
  public let metric: String
  /// Milliseconds by stage, summed over the run.
  public let timings: [String: Double]
  /// Number of questions without an answer. They count as wrong.
  public let failed: Int
  /// Whether the run was stopped early.
  public let partial: Bool
  /// The process's peak memory in bytes; nil if it was not measured.
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
