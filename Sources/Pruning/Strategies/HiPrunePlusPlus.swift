/// HiPrune, and afterwards round(β·N′) more tokens: those nearest to the mean text embedding. It sends more than its budget
/// by that share, as the paper counts. From the paper; its authors released no code for it.
struct HiPrunePlusPlus: ViewStrategy {
  static let name = "hiprune++"
  static let summary = "hiprune, then tokens near the question's embedding (HiPrune++, arXiv 2508.00553)"

  private let base: HiPrune
  private let beta: Double

  init(options: inout StrategyOptions) throws(PruningError) {
    base = try HiPrune(options: &options)
    beta = try options.number("beta", default: 0.1, in: 0...1)
  }

  func evidence(on tower: TowerDescription) throws(PruningError) -> Evidence {
    try base.evidence(on: tower).union([.projected, .text])
  }

  func resolved(on tower: TowerDescription) throws(PruningError) -> StrategySpec {
    StrategySpec(
      name: Self.name,
      options: try base.resolved(on: tower).options + [StrategySpec.Option(name: "beta", value: spelled(beta))])
  }

  func warnings(on tower: TowerDescription) -> [String] { base.warnings(on: tower) }

  func share(of budget: Budget, in image: EncodedImage) throws(PruningError) -> Int {
    try base.share(of: budget, in: image)
  }

  func plan(_ image: EncodedImage, keeping budget: Budget, using random: inout SeededGenerator) throws(PruningError)
    -> ImagePlan
  {
    let share = try share(of: budget, in: image)
    let decisions = try decisions(on: image, keeping: share, using: &random)
    return try ImagePlan(
      arranging: decisions.map(\.plan), of: image, limit: share * decisions.count, count: .adaptive,
      scores: decisions.map(\.scores))
  }

  func decide(_ view: ViewInput, keeping share: Int, using random: inout SeededGenerator) throws(PruningError)
    -> ViewDecision
  {
    guard let text = view.image.text, text.rows > 0 else { throw .missingEvidence(.text, view: view.index) }
    let visual = try base.decide(view, keeping: share, using: &random)
    let cosines = try view.rows(besideTextOf: text.columns).cosines(with: text.columnMeans())
    let kept = Set(visual.plan.sources)
    let rest = (0..<view.tokens).filter { !kept.contains($0) }
    let added = Ranking.top(roundHalfEven(beta * Double(share)), of: cosines, among: rest)
    return ViewDecision(keeping: kept.union(added), scores: visual.scores)
  }
}
