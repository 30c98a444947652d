/// How a strategy is asked: the one way that the engine and `select` share.
public enum StrategyRunner {
  /// What must be measured before `plan` can be called: nothing when everything is kept.
  /// - Throws: an impossible budget, or a tower that cannot serve, before any compute.
  public static func evidence(
    for strategy: any PruningStrategy, on tower: TowerDescription, layout: ViewLayout, keeping budget: Budget
  ) throws(PruningError) -> Evidence {
    let total = layout.views * tower.grid.count
    let needed = try strategy.evidence(on: tower)
    if try budget.validated(for: total).isEverything(of: total) { return .none }
    if !strategy.prunes { throw .budgetWithoutStrategy(budget) }
    return needed
  }

  /// Decides what is sent of `image`. A budget of everything never reaches the strategy.
  /// - Parameter seed: mixed with the image's digest.
  public static func plan(
    _ strategy: any PruningStrategy, for image: EncodedImage, keeping budget: Budget, seed: UInt64
  ) throws(PruningError) -> ImagePlan {
    let budget = try budget.validated(for: image.visualTokens)
    if budget.isEverything(of: image.visualTokens) {
      return .dense(of: image)
    }
    var random = SeededGenerator(seed: seed, digest: image.digest)
    return try strategy.plan(image, keeping: budget, using: &random)
  }
}
