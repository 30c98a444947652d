import VLM

/// Sums over the answers of one setting: what a run keeps of them, however many there are.
public struct EvaluationTally: Sendable {
  /// Grades and how many there are.
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
  /// Questions without an answer; they count as wrong.
  public private(set) var failed = 0
  /// Answers, graded or not, and what was kept for them.
  public private(set) var answered = 0
  public private(set) var keptTokens = 0
  public private(set) var visualTokens = 0
  /// Of the first picture, as every other one of a model with one view has.
  public private(set) var firstVisualTokens = 0
  /// Milliseconds by stage.
  public private(set) var times: [String: Double] = [:]

  public init() {}

  /// - Parameters:
  ///   - grade: nil where there is nothing to grade with.
  ///   - kept: visual tokens that were kept, and of how many; nil where the question failed.
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
  /// Milliseconds by stage, under the names of results.
  public var milliseconds: [String: Double] {
    [
      "encode": encode.milliseconds, "prune": prune.milliseconds, "project": project.milliseconds,
      "prefill": prefill.milliseconds, "decode": decode.milliseconds,
    ]
  }
}
