import Basics

/// HiPrune, then round(β·N′) more tokens: those nearest to the mean text embedding. It sends more than its budget by
/// that number, as the paper counts. Written from the paper; its authors released no code for it.
struct HiPrunePlusPlus: ViewStrategy {
  static let name = "hiprune++"
  static let summary = "hiprune, then tokens near the question's embedding (HiPrune++, arXiv 2508.00553)"
  static let paper: Paper? = Paper(
    "HiPrune: Training-Free Visual Token Pruning via Hierarchical Attention in Vision-Language Models",
    arXiv: "2508.00553")
  static let options = HiPrune.options + [betaOption.description]

  private static let betaOption = StrategyOption.number(
    "beta", default: 0.1, in: 0...1, "tokens to add near the question, as a share of the budget")

  private let base: HiPrune
  private let beta: Double

  init(options: inout StrategyOptions) throws(PruningError) {
    base = try HiPrune(options: &options)
    beta = try options.value(Self.betaOption)
  }

  func evidence(on tower: TowerDescription) throws(PruningError) -> Evidence {
    try base.evidence(on: tower).union(Evidence([.textSpace], question: [.embeddings]))
  }

  var readsGrid: Bool { true }

  func resolved(on tower: TowerDescription) throws(PruningError) -> StrategySpec {
    StrategySpec(
      name: Self.name,
      options: try base.resolved(on: tower).options + [StrategySpec.Option(name: "beta", value: spelled(beta))])
  }

  func warnings(on tower: TowerDescription) -> [String] { base.warnings(on: tower) }

  func shares(of budget: Budget, in picture: PictureDescription) throws(PruningError) -> [Int] {
    try base.shares(of: budget, in: picture)
  }

  func plan(
    _ image: EncodedImage, question: QuestionEvidence, keeping budget: Budget, in context: inout PlanContext
  ) throws(PruningError) -> ImagePlan {
    try plan(image, question: question, keeping: budget, count: .adaptive, in: &context)
  }

  func decide(_ view: ViewInput, keeping share: Int, in context: inout PlanContext) throws(PruningError)
    -> ViewDecision
  {
    let text = try view.text()
    let visual = try base.decide(view, keeping: share, in: &context)
    let cosines = try view.rows(besideTextOf: text.columns).cosines(with: text.columnMeans())
    let kept = Set(visual.plan.sources)
    let rest = (0..<view.tokens).filter { !kept.contains($0) }
    let added = Ranking.top(Ranking.roundHalfEven(beta * Double(share)), of: cosines, among: rest)
    return ViewDecision(keeping: kept.union(added), scores: visual.scores)
  }
}
