import Pruning
import VLM

/// `eval --json`.
public struct EvaluationReport: Sendable, Encodable {
  public struct Category: Sendable, Encodable {
    public let accuracy: Double
    public let interval: [Double]
    public let n: Int

    init(_ proportion: Proportion) {
      accuracy = proportion.value
      interval = [proportion.interval.lowerBound, proportion.interval.upperBound]
      n = proportion.count
    }
  }

  /// Sums over the run, in milliseconds.
  public struct Timings: Sendable, Encodable {
    public let encode: Double
    public let prune: Double
    public let project: Double
    public let prefill: Double
    public let decode: Double
  }

  public let accuracy: Double
  public let interval: [Double]
  public let n: Int
  public let categories: [String: Category]
  public let strategy: String
  /// Of the first image, as every other one of a model with one view has.
  public let visualTokens: Int
  /// Mean over questions.
  public let kept: Double
  public let keepRatio: Double
  public let metric: String
  public let timings: Timings
  /// The most memory that the process had; nil where nobody measured it.
  public let peakBytes: Int?

  private enum CodingKeys: String, CodingKey {
    case accuracy, interval, n, categories, strategy, kept, metric
    case visualTokens = "visual_tokens"
    case keepRatio = "keep_ratio"
    case timings = "timings_ms"
    case peakBytes = "peak_bytes"
  }

  /// - Parameter answered: at least one question.
  public init(_ answered: [AnsweredQuestion], metric: Metric, peakBytes: Int? = nil) {
    self.peakBytes = peakBytes
    precondition(!answered.isEmpty, "a report is of at least one question")
    let overall = Proportion(right: answered.count(where: \.isRight), of: answered.count)
    accuracy = overall.value
    interval = [overall.interval.lowerBound, overall.interval.upperBound]
    n = overall.count
    let groups = Dictionary(grouping: answered) { $0.question.category ?? "(none)" }
    categories = groups.mapValues { Category(Proportion(right: $0.count(where: \.isRight), of: $0.count)) }
    strategy = answered[0].answer.strategy.description
    visualTokens = answered[0].answer.visualTokens
    let total = answered.reduce(0) { $0 + $1.answer.visualTokens }
    let kept = answered.reduce(0) { $0 + $1.answer.keptTokens }
    self.kept = Double(kept) / Double(answered.count)
    keepRatio = Double(kept) / Double(max(total, 1))
    self.metric = metric.rawValue
    func sum(_ stage: KeyPath<StageTimings, Duration>) -> Double {
      answered.reduce(0) { $0 + $1.answer.timings[keyPath: stage].milliseconds }
    }
    timings = Timings(
      encode: sum(\.encode), prune: sum(\.prune), project: sum(\.project), prefill: sum(\.prefill),
      decode: sum(\.decode))
  }
}
