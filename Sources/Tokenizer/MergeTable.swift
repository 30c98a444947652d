/// Which pairs of tokens merge, in which order of precedence, and into what.
struct MergeTable: Sendable {
  private var keys: [UInt64]
  private var ranks: [UInt32]
  private let shift: UInt64
  /// The token that the merge of each rank makes.
  private(set) var results: [UInt32] = []

  /// No pair has this key: ids stay far below 2³².
  private static var free: UInt64 { .max }

  /// Room for this many merges at a load of at most one half.
  init(capacity: Int) {
    var bits: UInt64 = 6
    while 1 << bits < capacity * 2 { bits += 1 }
    shift = 64 - bits
    keys = [UInt64](repeating: Self.free, count: 1 << bits)
    ranks = [UInt32](repeating: 0, count: 1 << bits)
    results.reserveCapacity(capacity)
  }

  private func slot(for key: UInt64) -> Int {
    // Fibonacci hashing: the top bits of the product depend on every bit of the key.
    var slot = Int((key &* 0x9E37_79B9_7F4A_7C15) >> shift)
    while keys[slot] != key, keys[slot] != Self.free { slot = (slot + 1) & (keys.count - 1) }
    return slot
  }

  private static func key(_ left: UInt32, _ right: UInt32) -> UInt64 { UInt64(left) << 32 | UInt64(right) }

  /// Adds the merge of the next rank. A pair that occurs again takes the later rank, as in the reference.
  mutating func append(_ left: UInt32, _ right: UInt32, into result: UInt32) {
    let key = Self.key(left, right)
    let slot = slot(for: key)
    keys[slot] = key
    ranks[slot] = UInt32(results.count)
    results.append(result)
  }

  /// The rank of a pair's merge; lower ranks merge first.
  func rank(_ left: UInt32, _ right: UInt32) -> UInt32? {
    let key = Self.key(left, right)
    let slot = slot(for: key)
    return keys[slot] == key ? ranks[slot] : nil
  }
}
