import Foundation

/// Two ways of answering the same questions, compared question by question.
public struct PairedComparison: Sendable, Hashable {
  /// Number of questions that only the first gets right.
  public let onlyFirst: Int
  /// Number of questions that only the second gets right.
  public let onlySecond: Int
  public let count: Int

  /// - Parameters: whether each question was answered correctly, in the same order.
  public init(_ first: [Bool], _ second: [Bool]) {
    precondition(first.count == second.count, "a paired comparison is of the same questions")
    onlyFirst = zip(first, second).count { $0 && !$1 }
    onlySecond = zip(first, second).count { !$0 && $1 }
    count = first.count
  }

  /// Difference of the two shares, first minus second.
  public var difference: Double { count == 0 ? 0 : Double(onlyFirst - onlySecond) / Double(count) }

  /// Counts of the questions on which the two differ, out of `count`.
  public init(onlyFirst: Int, onlySecond: Int, count: Int) {
    precondition(onlyFirst >= 0 && onlySecond >= 0 && onlyFirst + onlySecond <= count, "no more differ than there are")
    self.onlyFirst = onlyFirst
    self.onlySecond = onlySecond
    self.count = count
  }

  /// McNemar's exact test, two-sided: the probability of a split at least this uneven among the questions on which the
  /// two differ, if neither were better.
  public var pValue: Double {
    let differing = onlyFirst + onlySecond
    guard differing > 0 else { return 1 }
    let smaller = min(onlyFirst, onlySecond)
    let total = Double(differing)
    var tail = 0.0
    for split in 0...smaller {
      let k = Double(split)
      let logWays = lgamma(total + 1) - lgamma(k + 1) - lgamma(total - k + 1)
      tail += exp(logWays - total * log(2.0))
    }
    return min(1, 2 * tail)
  }
}
