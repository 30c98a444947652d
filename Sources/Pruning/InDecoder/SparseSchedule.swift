/// SparseVLM's cuts: the published tables of counts, which are all that is released, and lines between their rows.
struct SparseSchedule: Sendable {
  /// A row of a table: the budget, and what each of three cuts leaves, of 576.
  struct Row: Sendable {
    let budget: Double
    let counts: [Double]
  }

  /// SparseVLM's table.
  static let first = [
    Row(budget: 64, counts: [66, 30, 17]), Row(budget: 96, counts: [238, 48, 26]),
    Row(budget: 128, counts: [303, 110, 36]), Row(budget: 192, counts: [300, 200, 110]),
  ]
  /// SparseVLM+'s table.
  static let second = [
    Row(budget: 64, counts: [66, 34, 20]), Row(budget: 96, counts: [246, 54, 28]),
    Row(budget: 128, counts: [238, 108, 60]), Row(budget: 192, counts: [300, 200, 118]),
  ]
  /// First blocks that run on fewer rows, of 32.
  private static let released = [3, 7, 16]
  private static let patches = 576.0

  /// The blocks that run in full and decide; nil: the decoder's depth decides.
  let blocks: [Int]?
  /// Ascending budgets.
  let counts: [Row]

  private func firstReduced(on decoder: DecoderDescription, strategy: String) throws(PruningError) -> [Int] {
    try BlockNumbers.checked(
      blocks?.map { $0 + 1 } ?? BlockNumbers.scaled(Self.released, to: decoder.depth), strategy: strategy,
      depth: decoder.depth)
  }

  /// The option's canonical value.
  func blocks(on decoder: DecoderDescription, strategy: String) throws(PruningError) -> String {
    BlockNumbers.spelled(try firstReduced(on: decoder, strategy: strategy).map { $0 - 1 })
  }

  func cuts(
    keeping budget: Budget, of rows: Int, on decoder: DecoderDescription, strategy: String
  ) throws(PruningError) -> [DecoderCut] {
    let blocks = try firstReduced(on: decoder, strategy: strategy)
    let share = Self.patches * Double(try budget.rows(of: rows)) / Double(rows)
    let known =
      [Row(budget: 0, counts: [0, 0, 0])] + counts
      + [Row(budget: Self.patches, counts: [Self.patches, Self.patches, Self.patches])]
    let next = known.firstIndex { $0.budget >= share && $0.budget > 0 } ?? known.count - 1
    let (low, high) = (known[next - 1], known[next])
    let weight = (share - low.budget) / (high.budget - low.budget)
    return blocks.enumerated().map { stage, block in
      let count = low.counts[stage] + weight * (high.counts[stage] - low.counts[stage])
      return DecoderCut(block: block, count: max(1, Int(Double(rows) * count / Self.patches + 0.5)))
    }
  }
}
