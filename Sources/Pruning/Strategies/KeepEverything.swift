import Basics

/// No pruning. It is the caller's mistake to combine it with a smaller budget.
struct KeepEverything: PruningStrategy {
  static let name = "none"
  static let prunes = false
  static let summary = "keeps every visual token"

  init() {}

  init(options: inout StrategyOptions) throws(PruningError) {}

  func evidence(on tower: TowerDescription) -> Evidence { .none }

  func resolved(on tower: TowerDescription) -> StrategySpec { StrategySpec(name: Self.name, options: []) }

  func plan(
    _ image: EncodedImage, question: QuestionEvidence, keeping budget: Budget, in context: inout PlanContext
  ) throws(PruningError) -> ImagePlan {
    throw .budgetWithoutStrategy(budget)
  }
}
