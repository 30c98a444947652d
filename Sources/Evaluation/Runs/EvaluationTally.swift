import VLM

/// Sums over the answers of one setting. A run keeps only these, so its memory does not grow with its answers.
public struct EvaluationTally: Sendable {
  /// A sum of grades and their number.
  public struct Share: Sendable, Hashable {
    public private(set) var sum = 0.0
    public private(set) var count = 0

    mutating func add(_ grade: Double) {
      sum += grade
      count += 1
    }

    public var mean: Double { count == 0 ? 0 : sum / Double(count) }
    /// Wilson's 95 % interval.
    public var interval: [Double] {
      let interval = Proportion.interval(around: mean, of: count)
      return [interval.lowerBound, interval.upperBound]
    }
  }

  public private(set) var overall = Share()
  public private(set) var categories: [String: Share] = [:]
  /// Number of questions without an answer. They count as wrong.
  public private(set) var failed = 0
  /// Number of answers, graded or not.
  public private(set) var answered = 0
  public private(set) var keptTokens = 0
  public private(set) var visualTokens = 0
  /// Those of the first picture; they are the same for every picture of a model with one view.
  public private(set) var firstVisualTokens = 0
  /// Milliseconds by stage.
  public private(set) var times: [String: Double] = [:]

  public init() {}

  /// - Parameters:
  ///   - grade: nil if there is no right answer to compare with.
  ///   - kept: number of visual tokens kept, and their total; nil if the question failed.
  public mutating func add(
    category: String?, grade: Double?, kept: (kept: Int, total: Int)?, times: [String: Double] = [:]
  ) {
    if let grade {
      overall.add(grade)
      categories[category ?? "(none)", default: Share()].add(grade)
    }
    guard let kept else {
      failed += 1
      return
    }
    if answered == 0 { firstVisualTokens = kept.total }
    answered += 1
    keptTokens += kept.kept
    visualTokens += kept.total
    for (stage, milliseconds) in times { self.times[stage, default: 0] += milliseconds }
  }
}

extension StageTimings {
  /// Milliseconds by stage, with the names used in results.
  public var milliseconds: [String: Double] {
    [
      "encode": encode.milliseconds, "prune": prune.milliseconds, "project": project.milliseconds,
      "prefill": prefill.milliseconds, "decode": decode.milliseconds,
    ]
  }
}
