import Basics
import Kernels

/// Runs strategies, in the one way that the engine and `select` share.
public enum StrategyRunner {
  /// Refuses a tower that the strategy does not work on, and names those of `catalogue` that do.
  /// - Throws: `needsClassToken`, or what `PruningStrategy.evidence(on:)` throws.
  public static func evidence(
    for strategy: any PruningStrategy, on tower: TowerDescription, catalogue: StrategyCatalogue = .standard
  ) throws(PruningError) -> Evidence {
    let type = type(of: strategy)
    guard tower.hasClassToken || !type.needsClassToken else {
      throw .needsClassToken(strategy: type.name, alternatives: catalogue.names(workingOn: tower))
    }
    return try strategy.evidence(on: tower)
  }

  /// What must be measured before `plan` can be called: nothing when everything is kept.
  /// - Throws: for an impossible budget or an unsuitable tower, before any compute.
  public static func evidence(
    for strategy: any PruningStrategy, of picture: PictureDescription, keeping budget: Budget,
    catalogue: StrategyCatalogue = .standard
  ) throws(PruningError) -> Evidence {
    _ = try evidence(for: strategy, on: picture.tower, catalogue: catalogue)
    let total = picture.visualTokens
    if try budget.validated(for: total).isEverything(of: total) { return .none }
    let type = type(of: strategy)
    if !type.prunes { throw .budgetWithoutStrategy(budget) }
    if budget == .adaptive, !type.findsOwnBudget {
      let others = catalogue.strategies.filter { $0.findsOwnBudget && $0.ownBudgetOption == nil }.map { $0.name }
      throw .noOwnBudget(strategy: type.name, others: others)
    }
    return try strategy.evidence(for: picture)
  }

  /// Decides what is sent of `image`. A budget of everything never reaches the strategy.
  /// - Parameters:
  ///   - question: the question's evidence that the strategy requests.
  ///   - seed: mixed with the image's digest.
  public static func plan(
    _ strategy: any PruningStrategy, for image: EncodedImage, question: QuestionEvidence = [:],
    keeping budget: Budget, seed: UInt64, workers: Workers = Workers(count: 1)
  ) throws(PruningError) -> ImagePlan {
    let total = image.picture.visualTokens
    let budget = try budget.validated(for: total)
    if budget.isEverything(of: total) { return .dense(of: image.picture) }
    var context = PlanContext(
      random: SeededGenerator(seed: seed, digest: image.picture.digest), workers: workers)
    return try strategy.plan(image, question: question, keeping: budget, in: &context)
  }
}
