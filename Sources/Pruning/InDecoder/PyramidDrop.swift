import Foundation
import Kernels

/// Several cuts, each by the attention that the prompt's last row would pay in the block that runs next. "PyramidDrop:
/// Accelerating Your Large Vision-Language Models via Pyramid Visual Redundancy Reduction", CVPR 2025.
struct PyramidDrop: DecoderPruning {
  static let name = "pyramiddrop"
  static let summary = "cuts by what the next block attends to (PyramidDrop, CVPR 2025)"
  static let paper: Paper? = Paper(
    "PyramidDrop: Accelerating Your Large Vision-Language Models via Pyramid Visual Redundancy Reduction",
    arXiv: "2410.17247", venue: "CVPR 2025")
  static let reads = ["the attention that the prompt's last row would pay in the block after the cut"]
  static let options = [blocksOption.description, budgetOption.description]

  private static let blocksOption = StrategyOption.blocks(
    "blocks", from: 1, "the blocks before which rows are dropped",
    decides: "8/16/24 of 32, and 2/8/16 for small budgets")
  private static let budgetOption = StrategyOption.choice(
    "budget", default: DecoderBudget.average, "what a budget counts: the mean over blocks, or the rows at the end")

  /// Of 32 blocks. The second one is ours below λ = 0.5: a later first cut cannot reach small budgets.
  private static let (released, early) = ([8, 16, 24], [2, 8, 16])

  /// Nil: the decoder's depth and the budget decide.
  private let blocks: [Int]?
  private let budget: DecoderBudget

  init(options: inout StrategyOptions) throws(PruningError) {
    blocks = try options.value(Self.blocksOption)
    budget = try options.value(Self.budgetOption)
  }

  func resolved(on decoder: DecoderDescription) throws(PruningError) -> StrategySpec {
    if let blocks { _ = try BlockNumbers.checked(blocks, strategy: Self.name, depth: decoder.depth) }
    return StrategySpec(
      name: Self.name,
      options: ["blocks": blocks.map(BlockNumbers.spelled) ?? "auto", "budget": budget.rawValue])
  }

  func cuts(
    keeping budget: Budget, of rows: Int, on decoder: DecoderDescription
  ) throws(PruningError) -> [DecoderCut] {
    let wanted = try budget.rows(of: rows)
    var schedule = Schedule(
      blocks: blocks ?? BlockNumbers.scaled(Self.released, to: decoder.depth), depth: decoder.depth, rows: rows)
    var factor = self.budget == .final ? schedule.factor(leaving: wanted) : schedule.factor(averaging: wanted)
    if blocks == nil, self.budget == .average, factor < 0.5 {
      schedule.blocks = BlockNumbers.scaled(Self.early, to: decoder.depth)
      factor = schedule.factor(averaging: wanted)
    }
    _ = try BlockNumbers.checked(schedule.blocks, strategy: Self.name, depth: decoder.depth)
    guard self.budget == .final || wanted >= schedule.smallestAverage else {
      throw .budgetBelowSchedule(budget, strategy: Self.name, smallest: schedule.smallestAverage)
    }
    return schedule.blocks.enumerated().map { stage, block in
      let share = (pow(factor, Double(stage + 1)) * 1e6).rounded(.toNearestOrEven) / 1e6
      return DecoderCut(block: block, count: max(1, Int(Double(rows) * share)))
    }
  }

  var keepsPositions: Bool { false }

  func decide(
    _ cut: DecoderCut, on scene: CutScene, weights: ([Int], AttentionSource) -> AttentionWeights, rows: () -> Matrix
  ) throws(PruningError) -> CutDecision {
    let scores = weights(scene.queries, .blockAfter).headSums(over: scene.visual)
    return CutDecision(kept: Ranking.top(cut.count, of: scores).sorted())
  }
}

/// Cuts that leave λ, λ², λ³, … of the rows.
private struct Schedule {
  var blocks: [Int]
  let depth: Int
  let rows: Int

  /// One row left after the first cut.
  var smallestAverage: Int { (blocks[0] * rows + depth - blocks[0] + depth - 1) / depth }

  /// The mean number of rows that a block runs on.
  private func average(_ factor: Double) -> Double {
    let edges = [0] + blocks + [depth]
    let blocksAtStages = zip(edges, edges.dropFirst()).map { Double($1 - $0) }
    let weighted = blocksAtStages.enumerated().reduce(0.0) { $0 + $1.element * pow(factor, Double($1.offset)) }
    return weighted * Double(rows) / Double(depth)
  }

  /// λ by 60 halvings of [0, 1].
  func factor(averaging wanted: Int) -> Double {
    var (low, high) = (0.0, 1.0)
    for _ in 0..<60 {
      let middle = (low + high) / 2
      if average(middle) <= Double(wanted) { low = middle } else { high = middle }
    }
    return low
  }

  func factor(leaving wanted: Int) -> Double { pow(Double(wanted) / Double(rows), 1 / Double(blocks.count)) }
}
