import Foundation
import Kernels

/// Drops the rows that the class token attends to least, after a few blocks' attention, and sums them up in one more
/// row. "Not All Patches are What You Need: Expediting Vision Transformers via Token Reorganizations", ICLR 2022.
///
/// The fused row is Σ a·x over the dropped rows, with their attention as it is: its norm is small. Afterwards it is a
/// row like the others. Released: ceil(rate · rows) stay at each stage, and the fused row besides. A budget is ours:
/// stage s of n leaves round(N·(B ÷ N)^(s ÷ n)) rows, the fused one among them. A stage that would leave as many rows
/// as enter it does nothing.
struct EViT: TokenReduction {
  static let name = "evit"
  static let summary = "keeps most class attention inside the tower, fuses the rest (EViT, ICLR 2022)"
  static let needsClassToken = true
  static let ownBudgetOption: String? = nil
  static let options = [
    rateOption.description, blocksOption.description, fuseOption.description, orderOption.description,
  ]

  private static let rateOption = StrategyOption.automatic(
    "rate", in: 0.01...1, "the share of rows that stay at each stage", decides: "what the budget needs, or 0.7")
  private static let blocksOption = StrategyOption.blocks(
    "blocks", from: 0, "the blocks whose attention decides", decides: "3/6/9 of 12, in proportion")
  private static let fuseOption = StrategyOption.flag(
    "fuse", default: true, "whether dropped rows are summed up in one row")
  private static let orderOption = StrategyOption.choice(
    "order", default: TokenOrder.raster, "the order in which tokens are sent: by place, or by the last attention")

  private static let releasedRate = 0.7

  private let rate: Double?
  private let blocks: [Int]?
  private let fuses: Bool
  let order: TokenOrder

  init(options: inout StrategyOptions) throws(PruningError) {
    rate = try options.value(Self.rateOption)
    blocks = try options.value(Self.blocksOption)
    fuses = try options.value(Self.fuseOption)
    order = try options.value(Self.orderOption)
  }

  func resolved(on tower: TowerDescription) throws(PruningError) -> StrategySpec {
    StrategySpec(
      name: Self.name,
      options: [
        "rate": rate.map(spelled) ?? "auto", "blocks": BlockNumbers.spelled(try stages(on: tower)),
        "fuse": "\(fuses)", "order": order.rawValue,
      ])
  }

  var setsOwnBudget: Bool { rate != nil }
  var measure: TowerMeasure { .classAttention }
  var isProportional: Bool { false }

  func schedule(keeping count: Int?, of patches: Int, on tower: TowerDescription) throws(PruningError) -> [Int] {
    if count != nil, let rate {
      throw .invalidOption(
        "rate", value: spelled(rate), strategy: Self.name, expected: "auto beside a number of tokens")
    }
    let stages = try stages(on: tower)
    var (rows, stage) = (patches, 0)
    return (0..<tower.reducingBlocks).map { block in
      guard stage < stages.count, stages[stage] == block else { return rows }
      stage += 1
      rows = min(rows, Self.rows(count, rate ?? Self.releasedRate, fuses, patches, rows, (stage, stages.count)))
      return rows
    }
  }

  /// What a stage leaves.
  private static func rows(
    _ count: Int?, _ rate: Double, _ fuses: Bool, _ patches: Int, _ rows: Int, _ stage: (number: Int, of: Int)
  ) -> Int {
    guard let count else { return Int((rate * Double(rows)).rounded(.up)) + (fuses ? 1 : 0) }
    if stage.number == stage.of { return count }
    let share = pow(Double(count) / Double(patches), Double(stage.number) / Double(stage.of))
    return max(count, Ranking.roundHalfEven(Double(patches) * share))
  }

  /// 3, 6 and 9 of 12 blocks in proportion, rounded half to even; rising, and among the blocks that run.
  private func stages(on tower: TowerDescription) throws(PruningError) -> [Int] {
    let last = tower.reducingBlocks - 1
    if let blocks {
      guard (blocks.last ?? 0) <= last else {
        throw .invalidOption(
          "blocks", value: BlockNumbers.spelled(blocks), strategy: Self.name,
          expected: "blocks from 0 to \(last), which are those that run")
      }
      return blocks
    }
    let released = [3, 6, 9].map { Ranking.roundHalfEven(Double($0 * tower.depth) / 12) }
    var stages: [Int] = []
    for (index, block) in released.enumerated() {
      let highest = last - (released.count - 1 - index)
      let block = max(min(block, highest), (stages.last ?? -1) + 1)
      if block <= last { stages.append(block) }
    }
    return stages
  }

  func reduce(to count: Int, _ scene: TowerScene) -> TokenMap {
    let attention = Array(scene.measured.row(0).dropFirst(scene.prefix))
    let ranked = Ranking.top(fuses ? count - 1 : count, of: attention)
    let kept = ranked.sorted()
    let isKept = Set(kept)
    var map = TokenMap()
    for row in 0..<scene.prefix { map.keep(row) }
    for row in kept { map.keep(row + scene.prefix) }
    if fuses {
      let dropped = attention.indices.filter { !isKept.contains($0) }
      map.merge(dropped.map { $0 + scene.prefix }, weights: dropped.map { attention[$0] }, anchor: nil)
    }
    let places = Dictionary(uniqueKeysWithValues: kept.enumerated().map { ($0.element, $0.offset + scene.prefix) })
    map.releasedOrder =
      Array(0..<scene.prefix) + ranked.compactMap { places[$0] } + (fuses ? [map.rows - 1] : [])
    return map
  }
}
