import Basics

/// Tokens at even distances in raster order: position ⌊(i + ½)·N ÷ T⌋.
struct UniformGrid: ViewStrategy {
  static let name = "uniform"
  static let summary = "takes tokens at even distances (baseline)"

  init(options: inout StrategyOptions) throws(PruningError) {}

  func evidence(on tower: TowerDescription) -> Evidence { .none }

  func resolved(on tower: TowerDescription) -> StrategySpec { StrategySpec(name: Self.name, options: []) }

  func decide(_ view: ViewInput, keeping share: Int, in context: inout PlanContext) -> ViewDecision {
    ViewDecision(keeping: (0..<share).map { (2 * $0 + 1) * view.tokens / (2 * share) })
  }
}
