/// A reproducible random generator (SplitMix64), seeded by a seed and by what it decides about. Its numbers are the
/// same on every machine and with every version of Swift, so it brings its own bounded draw.
public struct SeededGenerator: RandomNumberGenerator, Sendable {
  private var state: UInt64

  /// - Parameters:
  ///   - seed: the run's seed.
  ///   - digest: identifies the image, so that pictures of one run do not all lose the same places.
  public init(seed: UInt64, digest: UInt64) {
    // Scrambled before the two are joined: seed 1 with digest 2 must not equal seed 2 with digest 1.
    state = Self.scramble(seed &+ Self.increment) ^ digest
    state = Self.scramble(state)
  }

  public mutating func next() -> UInt64 {
    state &+= Self.increment
    return Self.scramble(state)
  }

  /// A number in 0 ..< bound, each as likely as the others (Lemire's multiplication with rejection).
  public mutating func next(below bound: Int) -> Int {
    precondition(bound > 0, "a draw needs at least one outcome")
    let bound = UInt64(bound)
    let threshold = (0 &- bound) % bound
    while true {
      let (high, low) = next().multipliedFullWidth(by: bound)
      if low >= threshold { return Int(high) }
    }
  }

  private static let increment: UInt64 = 0x9E37_79B9_7F4A_7C15

  private static func scramble(_ value: UInt64) -> UInt64 {
    var mixed = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
