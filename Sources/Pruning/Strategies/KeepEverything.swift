/// No pruning. A smaller budget with it is a mistake of the caller.
struct KeepEverything: PruningStrategy {
  static let name = "none"
  static let summary = "keeps every visual token"

  init(options: inout StrategyOptions) throws(PruningError) {}

  func evidence(on tower: TowerDescription) -> Evidence { .none }

  func resolved(on tower: TowerDescription) -> StrategySpec { StrategySpec(name: Self.name, options: []) }

  func plan(_ image: EncodedImage, keeping budget: Budget, using random: inout SeededGenerator) throws(PruningError)
    -> ImagePlan
  {
    throw .budgetWithoutStrategy(budget)
  }
}
