import Testing

@testable import Evaluation

@Suite
struct `Statistics` {
  /// Wilson intervals from their closed form, worked out apart in Python with 50 digits.
  @Test(arguments: [
    (0, 10, 0.0, 0.2775327999), (10, 10, 0.7224672001, 1.0), (5, 10, 0.2365930905, 0.7634069095),
    (81, 263, 0.2552885198, 0.3662095770),
  ])
  func `a share's interval is Wilson's`(right: Int, count: Int, low: Double, high: Double) {
    let interval = Proportion(right: right, of: count).interval
    #expect(abs(interval.lowerBound - low) < 1e-9)
    #expect(abs(interval.upperBound - high) < 1e-9)
  }

  @Test
  func `a share of nothing says nothing`() {
    #expect(Proportion(right: 0, of: 0).interval == 0...1)
    #expect(Proportion(right: 0, of: 0).value == 0)
  }

  /// Two-sided binomial tests against one half: 2·Σ C(n, k)/2ⁿ, worked out by hand.
  @Test(arguments: [
    (0, 0, 1.0), (1, 0, 1.0), (5, 0, 0.0625), (8, 2, 0.109375), (3, 3, 1.0), (20, 5, 0.00407731533050537),
  ])
  func `McNemar's test is the exact binomial one`(first: Int, second: Int, expected: Double) {
    let both = 7
    let a = [Bool](repeating: true, count: first + both) + [Bool](repeating: false, count: second)
    let b =
      [Bool](repeating: false, count: first) + [Bool](repeating: true, count: both + second)
    let comparison = PairedComparison(a, b)
    #expect(abs(comparison.pValue - expected) < 1e-12)
    #expect(comparison.difference == Double(first - second) / Double(first + second + both))
  }
}
