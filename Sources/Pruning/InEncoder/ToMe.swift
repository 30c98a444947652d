import Kernels

/// Merges the most similar rows in every block: rows at even places of the sequence look for the closest key among
/// those at odd places, and the closest pairs become one row each, a mean by size. "Token Merging: Your ViT But
/// Faster", ICLR 2023.
///
/// Released: `r` rows a block, counted over all blocks of the model. A budget is ours: what is to go is spread over the
/// blocks that run, evenly or rising by `inflect`, and what a block cannot merge goes to the next one.
struct ToMe: TokenReduction {
  static let name = "tome"
  static let summary = "merges similar rows inside the tower (ToMe, ICLR 2023)"
  static let needsClassToken = false
  static let ownBudgetOption: String? = "r"
  static let options = [
    mergedOption.description, inflectOption.description, proportionalOption.description, orderOption.description,
  ]

  private static let mergedOption = StrategyOption.count(
    "r", in: 1...65_536, "rows that each block merges", decides: "what the budget needs")
  private static let inflectOption = StrategyOption.number(
    "inflect", default: 0, in: -1...1, "how the merges rise from block to block: -1 early, 0 even, 1 late")
  private static let proportionalOption = StrategyOption.flag(
    "proportional", default: true, "whether attention counts a merged row by its size")
  private static let orderOption = StrategyOption.choice(
    "order", default: TokenOrder.raster, "the order in which tokens are sent: by place, or as in the tower")

  private let merged: Int?
  private let inflect: Double
  let isProportional: Bool
  let order: TokenOrder

  init(options: inout StrategyOptions) throws(PruningError) {
    merged = try options.value(Self.mergedOption)
    inflect = try options.value(Self.inflectOption)
    isProportional = try options.value(Self.proportionalOption)
    order = try options.value(Self.orderOption)
  }

  func resolved(on tower: TowerDescription) -> StrategySpec {
    StrategySpec(
      name: Self.name,
      options: [
        "r": merged.map { "\($0)" } ?? "auto", "inflect": spelled(inflect), "proportional": "\(isProportional)",
        "order": order.rawValue,
      ])
  }

  var setsOwnBudget: Bool { merged != nil }
  var measure: TowerMeasure { .keys }

  func schedule(keeping count: Int?, of patches: Int, on tower: TowerDescription) throws(PruningError) -> [Int] {
    guard let count else {
      guard let merged else {
        throw .invalidOption("r", value: "auto", strategy: Self.name, expected: "a number where no budget is given")
      }
      return released(merged, of: patches, on: tower)
    }
    if let merged {
      throw .invalidOption("r", value: "\(merged)", strategy: Self.name, expected: "auto beside a number of tokens")
    }
    guard let schedule = spread(keeping: count, of: patches, blocks: tower.reducingBlocks) else {
      let smallest = (count...patches).first { spread(keeping: $0, of: patches, blocks: tower.reducingBlocks) != nil }
      throw .reductionTooDeep(strategy: Self.name, count: count, smallest: smallest ?? patches, patches: patches)
    }
    return schedule
  }

  /// Merges low, low + step, … rows, truncated: low = int(r·(1 − inflect)), and 2r − low in the model's last block.
  private func released(_ merged: Int, of patches: Int, on tower: TowerDescription) -> [Int] {
    let low = Int(Double(merged) * (1 - inflect))
    let step = Double(2 * merged - 2 * low) / Double(max(tower.depth - 1, 1))
    var rows = patches
    return (0..<tower.reducingBlocks).map { block in
      rows -= min(Int(Double(low) + step * Double(block)), rows / 2)
      return rows
    }
  }

  /// Spreads the merges over blocks, each of which can merge half of its rows; nil if they cannot merge so many.
  private func spread(keeping count: Int, of patches: Int, blocks: Int) -> [Int]? {
    let weights = (0..<blocks).map { block in
      blocks == 1 ? 1 : 1 + inflect * (2 * Double(block) / Double(blocks - 1) - 1)
    }
    let total = weights.reduce(0, +)
    let merges = Double(patches - count)
    var (sum, wanted, rows) = (0.0, 0, patches)
    let schedule = weights.map { weight in
      sum += weight
      wanted = Int(merges * (sum / total) + 1e-9)
      rows -= min(wanted - (patches - rows), rows / 2)
      return rows
    }
    return rows == count ? schedule : nil
  }

  func reduce(to count: Int, _ scene: TowerScene) -> TokenMap {
    precondition(scene.prefix <= 1, "one row stands before the patches")
    let first = stride(from: 0, to: scene.rows, by: 2).map { $0 }
    let second = stride(from: 1, to: scene.rows, by: 2).map { $0 }
    let directions = scene.measured.directions()
    let (scores, partners) = Self.closest(
      ExactSimilarity.products(
        of: directions.selecting(first), and: directions.selecting(second), workers: scene.workers))
    let merges = scene.rows - scene.prefix - count
    let chosen = Ranking.top(merges, of: scores, among: Array(scene.prefix..<first.count))
    let isMerged = Set(chosen)
    var joined = [[Int]](repeating: [], count: second.count)
    for place in chosen.sorted() { joined[partners[place]].append(first[place]) }
    var map = TokenMap()
    for (place, row) in first.enumerated() where !isMerged.contains(place) { map.keep(row) }
    for (place, row) in second.enumerated() {
      let rows = [row] + joined[place]
      let size = rows.reduce(0.0) { $0 + scene.sizes[$1] }
      if rows.count == 1 {
        map.keep(row)
      } else {
        map.merge(rows, weights: rows.map { scene.sizes[$0] / size }, anchor: row)
      }
    }
    return map
  }

  /// The largest value of each row, and the first column that has it.
  private static func closest(_ similarities: DoubleMatrix) -> (scores: [Double], partners: [Int]) {
    var scores: [Double] = []
    var partners: [Int] = []
    similarities.values.withUnsafeBufferPointer { values in
      for row in 0..<similarities.rows {
        let start = row * similarities.columns
        var best = 0
        for column in 1..<max(similarities.columns, 1) where values[start + column] > values[start + best] {
          best = column
        }
        scores.append(values[start + best])
        partners.append(best)
      }
    }
    return (scores, partners)
  }
}

extension DoubleMatrix {
  /// Each row divided by its length; zeros where that is zero.
  fileprivate func directions() -> DoubleMatrix {
    var result = self
    for row in 0..<rows {
      let length = self.row(row).reduce(0.0) { $0 + $1 * $1 }.squareRoot()
      guard length > 0 else { continue }
      for place in row * columns..<(row + 1) * columns { result.values[place] /= length }
    }
    return result
  }

  fileprivate func selecting(_ indices: [Int]) -> DoubleMatrix {
    DoubleMatrix(rows: indices.count, columns: columns, values: indices.flatMap { row($0) })
  }
}
