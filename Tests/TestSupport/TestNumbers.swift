/// Reproducible numbers for tests: a separate 64-bit linear congruential generator, so that no test relies on the
/// generator that it might be testing.
public struct TestNumbers {
  private var state: UInt64

  public init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 | 1 }

  /// Uniform in 0 ..< 1, with 24 bits.
  public mutating func next() -> Float {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Float(state >> 40) / Float(1 << 24)
  }

  /// `count` numbers, uniform in `range`.
  public mutating func floats(_ count: Int, in range: ClosedRange<Float> = -1...1) -> [Float] {
    (0..<count).map { _ in range.lowerBound + next() * (range.upperBound - range.lowerBound) }
  }
}
