import Basics

/// Anchors by attention received in an early block, their neighbours as buffers, and registers by attention received in
/// a deep block. "HiPrune: Training-Free Visual Token Pruning via Hierarchical Attention in Vision-Language Models".
struct HiPrune: ViewStrategy {
  /// Whether neighbours run on across row ends (the released code) or stay in the grid (the paper's Eq. 5).
  enum Neighbours: String, CaseIterable { case wrapped, grid }
  /// Whether registers may fall on tokens that are already kept, so that fewer are sent (the released code for Qwen).
  enum Registers: String, CaseIterable { case released, distinct }

  static let name = "hiprune"
  static let summary = "anchors, their neighbours and registers by attention received (HiPrune, arXiv 2508.00553)"
  static let paper: Paper? = Paper(
    "HiPrune: Training-Free Visual Token Pruning via Hierarchical Attention in Vision-Language Models",
    arXiv: "2508.00553")
  static let options = [
    alphaOption.description, objectOption.description, deepOption.description, neighboursOption.description,
    registersOption.description,
  ]

  private static let alphaOption = StrategyOption.number(
    "alpha", default: 0.1, in: 0...1, "share of the budget for anchors with their neighbours")
  private static let objectOption = StrategyOption.block(
    "object", "the block that ranks anchors", decides: "3/8 of the depth; half of it where patches merge")
  private static let deepOption = StrategyOption.block(
    "deep", "the block that ranks registers", decides: "the block before the last; the last where patches merge")
  private static let neighboursOption = StrategyOption.choice(
    "neighbours", default: Neighbours.wrapped, "whether neighbours run on across row ends", released: .wrapped,
    corrected: .grid)
  private static let registersOption = StrategyOption.choice(
    "registers", default: Registers?.none, "whether registers may fall on tokens that are kept already",
    decides: "distinct; released where patches merge", released: .released, corrected: .distinct)

  private let alpha: Double
  private let object: Int?
  private let deep: Int?
  private let neighbours: Neighbours
  private let registers: Registers?

  init(options: inout StrategyOptions) throws(PruningError) {
    alpha = try options.value(Self.alphaOption)
    object = try options.value(ifGiven: Self.objectOption)
    deep = try options.value(ifGiven: Self.deepOption)
    neighbours = try options.value(Self.neighboursOption)
    registers = try options.value(ifGiven: Self.registersOption)
  }

  func evidence(on tower: TowerDescription) throws(PruningError) -> Evidence {
    let blocks = try blocks(on: tower)
    return [
      .attentionReceived(layer: blocks.object, queries: .all), .attentionReceived(layer: blocks.deep, queries: .all),
    ]
  }

  var readsGrid: Bool { true }

  func resolved(on tower: TowerDescription) throws(PruningError) -> StrategySpec {
    _ = try blocks(on: tower)
    return StrategySpec(
      name: Self.name,
      options: [
        "alpha": spelled(alpha), "object": "\(object ?? Self.defaultObject(on: tower))",
        "deep": "\(deep ?? Self.defaultDeep(on: tower))", "neighbours": neighbours.rawValue,
        "registers": registers(on: tower).rawValue,
      ])
  }

  func warnings(on tower: TowerDescription) -> [String] {
    guard let full = tower.fullAttentionLayers, let blocks = try? blocks(on: tower) else { return [] }
    return Set([blocks.object, blocks.deep]).subtracting(full).sorted().map {
      "block \($0) attends within windows only: its scores compare tokens of one window, not of the image"
    }
  }

  func shares(of budget: Budget, in picture: PictureDescription) throws(PruningError) -> [Int] {
    try budget.shares(of: picture.tokens, rounding: picture.tower.mergesPatches ? .toNearestOrEven : .towardZero)
  }

  func decide(_ view: ViewInput, keeping share: Int, in context: inout PlanContext) throws(PruningError)
    -> ViewDecision
  {
    let tower = view.tower
    let blocks = try blocks(on: tower)
    let objectScores = scores(try view.received(layer: blocks.object), of: view)
    let deepScores = scores(try view.received(layer: blocks.deep), of: view)

    let anchors = Ranking.top(anchorCount(keeping: share), of: objectScores)
    var chosen = Set(anchors)
    for anchor in anchors { chosen.formUnion(adjacent(to: anchor, in: view.grid)) }

    let free = share - chosen.count
    switch registers(on: tower) {
    case .distinct:
      let rest = (0..<view.tokens).filter { !chosen.contains($0) }
      chosen.formUnion(Ranking.top(free, of: deepScores, among: rest))
    case .released:
      // The released penalty of 1 is too small for column sums, which exceed 1: a kept token may be picked again.
      let penalised = deepScores.enumerated().map { chosen.contains($0.offset) ? $0.element - 1 : $0.element }
      chosen.formUnion(Ranking.top(free, of: penalised))
    }
    return ViewDecision(keeping: chosen, scores: deepScores)
  }

  /// round(share·α ÷ 5), because an anchor takes five places with its cross of neighbours, and no more than fit.
  func anchorCount(keeping share: Int) -> Int {
    min(Ranking.roundHalfEven(Double(share) * alpha / 5), share / 5)
  }

  private func adjacent(to anchor: Int, in grid: Grid) -> [Int] {
    let last = grid.count - 1
    switch neighbours {
    case .wrapped:
      return [-1, 1, -grid.columns, grid.columns].map { min(max(anchor + $0, 0), last) }
    case .grid:
      let column = anchor % grid.columns
      return [
        column > 0 ? anchor - 1 : anchor, column + 1 < grid.columns ? anchor + 1 : anchor,
        anchor >= grid.columns ? anchor - grid.columns : anchor,
        anchor + grid.columns <= last ? anchor + grid.columns : anchor,
      ]
    }
  }

  /// Column means, or column sums where patches are merged: the penalty on registers depends on it.
  private func scores(_ columnSums: [Double], of view: ViewInput) -> [Double] {
    if view.tower.mergesPatches { return columnSums }
    let queries = Double(view.patches + (view.tower.hasClassToken ? 1 : 0))
    return columnSums.map { $0 / queries }
  }

  private func registers(on tower: TowerDescription) -> Registers {
    registers ?? (tower.mergesPatches ? .released : .distinct)
  }

  private func blocks(on tower: TowerDescription) throws(PruningError) -> (object: Int, deep: Int) {
    (
      object: try block(object ?? Self.defaultObject(on: tower), option: "object", on: tower),
      deep: try block(deep ?? Self.defaultDeep(on: tower), option: "deep", on: tower)
    )
  }

  /// The papers' layer 9 of 24 (block 8), scaled; half way where patches are merged (block 15 of 32), at the nearest
  /// block that sees the whole view.
  static func defaultObject(on tower: TowerDescription) -> Int {
    guard tower.mergesPatches else { return max(0, Ranking.roundHalfEven(Double(tower.depth * 9) / 24) - 1) }
    let middle = max(0, tower.depth / 2 - 1)
    guard let full = tower.fullAttentionLayers else { return middle }
    return full.min { abs($0 - middle) < abs($1 - middle) } ?? middle
  }

  /// The block before the last, or the feature layer where patches are merged; counted from the end.
  private static func defaultDeep(on tower: TowerDescription) -> Int {
    tower.mergesPatches ? tower.featureLayer - tower.depth : -2
  }
}
