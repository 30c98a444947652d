import Basics

/// Tokens drawn uniformly without replacement, in raster order: the baseline that every table needs.
struct RandomChoice: ViewStrategy {
  static let name = "random"
  static let summary = "draws tokens uniformly, seeded by --seed and the image (baseline)"

  init(options: inout StrategyOptions) throws(PruningError) {}

  func evidence(on tower: TowerDescription) -> Evidence { .none }

  func resolved(on tower: TowerDescription) -> StrategySpec { StrategySpec(name: Self.name, options: []) }

  func decide(_ view: ViewInput, keeping share: Int, in context: inout PlanContext) -> ViewDecision {
    var tokens = Array(0..<view.tokens)
    for position in 0..<share {
      tokens.swapAt(position, position + context.random.next(below: tokens.count - position))
    }
    return ViewDecision(keeping: tokens.prefix(share))
  }
}
