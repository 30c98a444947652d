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

  /// Wilson's score interval at 95 %. It stays valid near 0 and 1, where the normal approximation does not.
  public var interval: ClosedRange<Double> { Self.interval(around: value, of: count) }

  /// The same interval around a mean of grades between 0 and 1. Such a mean varies no more than a share of right
  /// answers does, so the interval covers at least 95 %.
  public static func interval(around mean: Double, of count: Int) -> ClosedRange<Double> {
    guard count > 0 else { return 0...1 }
    let z = 1.959963984540054
    let n = Double(count)
    let centre = (mean + z * z / (2 * n)) / (1 + z * z / n)
    let half = z / (1 + z * z / n) * (mean * (1 - mean) / n + z * z / (4 * n * n)).squareRoot()
    return max(0, centre - half)...min(1, centre + half)
  }
}
