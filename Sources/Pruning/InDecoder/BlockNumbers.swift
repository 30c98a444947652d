/// The blocks of a schedule, as authors give them for 32 blocks and as options name them.
enum BlockNumbers {
  /// A schedule for 32 blocks on a decoder of `depth`: as it is from 32 blocks on, below in proportion (round half to
  /// even), rising and from 1 on.
  static func scaled(_ released: [Int], to depth: Int) -> [Int] {
    guard depth < 32 else { return released }
    var previous = 0
    return released.map { block in
      previous = max(Ranking.roundHalfEven(Double(block * depth) / 32), previous + 1)
      return previous
    }
  }

  /// The cuts, if there is a block before and after each.
  /// - Throws: `cutOutsideDecoder`.
  static func checked(_ cuts: [Int], strategy: String, depth: Int) throws(PruningError) -> [Int] {
    if let outside = cuts.first(where: { $0 >= depth || $0 < 1 }) {
      throw .cutOutsideDecoder(block: outside, strategy: strategy, depth: depth)
    }
    return cuts
  }

  /// "8/16/24".
  static func spelled(_ blocks: [Int]) -> String { blocks.map { "\($0)" }.joined(separator: "/") }
}

/// What a budget means for a method inside the decoder.
enum DecoderBudget: String, Sendable, CaseIterable {
  /// The mean over blocks of the visual rows that a block runs on.
  case average
  /// What is left after the last cut.
  case final
}

extension Budget {
  /// The count for a picture of `rows` rows in the prompt.
  /// - Throws: what makes it impossible on them.
  public func rows(of rows: Int) throws(PruningError) -> Int {
    switch try validated(for: rows) {
    case .all: return rows
    case .adaptive: throw .malformedBudget(description)
    case .count(let count): return count
    case .ratio(let ratio):
      let count = Int(ratio * Double(rows))
      guard count > 0 else { throw .budgetTooSmall(self, smallest: 1, views: 1) }
      return count
    }
  }
}
