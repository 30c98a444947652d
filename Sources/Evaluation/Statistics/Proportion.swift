import Foundation

/// A share with its 95 % interval.
public struct Proportion: Sendable, Hashable {
  public let right: Int
  public let count: Int

  public init(right: Int, of count: Int) {
    precondition(right >= 0 && right <= count, "no more are right than there are")
    self.right = right
    self.count = count
  }

  public var value: Double { count == 0 ? 0 : Double(right) / Double(count) }

  /// Wilson's score interval at 95 %: honest near 0 and 1, where the normal approximation is not.
  public var interval: ClosedRange<Double> { Self.interval(share: value, count: count) }

  /// The same of a mean of `count` grades between 0 and 1.
  public static func interval(share: Double, count: Int) -> ClosedRange<Double> {
    guard count > 0 else { return 0...1 }
    let z = 1.959963984540054
    let n = Double(count)
    let centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    let half = z / (1 + z * z / n) * (share * (1 - share) / n + z * z / (4 * n * n)).squareRoot()
    return max(0, centre - half)...min(1, centre + half)
  }
}

/// Two ways of answering the same questions, question by question.
public struct PairedComparison: Sendable, Hashable {
  /// Questions that only the first gets right.
  public let onlyFirst: Int
  /// Questions that only the second gets right.
  public let onlySecond: Int
  public let count: Int

  /// - Parameters: whether each question was answered rightly, in the same order.
  public init(_ first: [Bool], _ second: [Bool]) {
    precondition(first.count == second.count, "a paired comparison is of the same questions")
    onlyFirst = zip(first, second).count { $0 && !$1 }
    onlySecond = zip(first, second).count { !$0 && $1 }
    count = first.count
  }

  /// Difference of the shares, first minus second.
  public var difference: Double { count == 0 ? 0 : Double(onlyFirst - onlySecond) / Double(count) }

  /// McNemar's exact test, two-sided: the chance of a split this uneven among the questions on which the two differ, if
  /// neither were better.
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
