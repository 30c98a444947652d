import Kernels

/// One cut after the first blocks, by the attention that the prompt's last row pays. "An Image is Worth 1/2 Tokens
/// After Layer 2", ECCV 2024.
struct FastV: DecoderPruning {
  static let name = "fastv"
  static let summary = "one cut by the last row's attention (FastV, ECCV 2024)"
  static let paper: Paper? = Paper(
    "An Image is Worth 1/2 Tokens After Layer 2",
    arXiv: "2403.06764", venue: "ECCV 2024")
  static let reads = ["the attention of the prompt's last row in the block before the cut"]
  static let options = [layerOption.description, budgetOption.description]

  private static let layerOption = StrategyOption.integer(
    "layer", default: 2, in: 1...1023, "the first block that runs without the dropped rows")
  private static let budgetOption = StrategyOption.choice(
    "budget", default: DecoderBudget.average, "what a budget counts: the mean over blocks, or the rows at the end")

  private let layer: Int
  private let budget: DecoderBudget

  init(options: inout StrategyOptions) throws(PruningError) {
    layer = try options.value(Self.layerOption)
    budget = try options.value(Self.budgetOption)
  }

  func resolved(on decoder: DecoderDescription) throws(PruningError) -> StrategySpec {
    _ = try BlockNumbers.checked([layer], strategy: Self.name, depth: decoder.depth)
    return StrategySpec(name: Self.name, options: ["layer": "\(layer)", "budget": budget.rawValue])
  }

  func cuts(
    keeping budget: Budget, of rows: Int, on decoder: DecoderDescription
  ) throws(PruningError) -> [DecoderCut] {
    _ = try BlockNumbers.checked([layer], strategy: Self.name, depth: decoder.depth)
    let wanted = try budget.rows(of: rows)
    guard self.budget == .average else { return [DecoderCut(block: layer, count: wanted)] }
    let (full, rest) = (layer * rows, decoder.depth - layer)
    let smallest = (full + rest + decoder.depth - 1) / decoder.depth
    guard wanted >= smallest else {
      throw .budgetBelowSchedule(budget, strategy: Self.name, smallest: smallest)
    }
    return [DecoderCut(block: layer, count: (decoder.depth * wanted - full) / rest)]
  }

  var keepsPositions: Bool { true }

  func decide(
    _ cut: DecoderCut, on scene: CutScene, weights: ([Int], AttentionSource) -> AttentionWeights, rows: () -> Matrix
  ) throws(PruningError) -> CutDecision {
    let scores = weights(scene.queries, .blockBefore).headSums(over: scene.visual)
    return CutDecision(kept: Ranking.top(cut.count, of: scores).sorted())
  }
}

extension AttentionWeights {
  /// The weights of the columns in `columns`, summed over heads and queries in double.
  func headSums(over columns: Range<Int>) -> [Double] {
    var sums = [Double](repeating: 0, count: columns.count)
    for query in 0..<queries {
      for head in 0..<heads {
        for (index, weight) in self.row(query: query, head: head).dropFirst(columns.lowerBound).prefix(columns.count)
          .enumerated()
        {
          sums[index] += Double(weight)
        }
      }
    }
    return sums
  }
}
