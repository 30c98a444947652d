import Kernels
import Pruning
import ViT

/// What becomes of a picture inside the tower.
public struct PictureReduction: Sendable, Hashable {
  public let method: any TokenReduction
  /// The method with every option spelled out.
  public let spec: StrategySpec
  /// Of each view, the patch rows that leave each block.
  public let schedules: [[Int]]

  /// Of each view, the tokens that leave the tower.
  public var tokens: [Int] { schedules.map { $0.last ?? 0 } }

  public static func == (first: PictureReduction, second: PictureReduction) -> Bool {
    first.spec == second.spec && first.schedules == second.schedules
  }

  public func hash(into hasher: inout Hasher) {
    hasher.combine(spec)
    hasher.combine(schedules)
  }

  func ofView(_ view: Int) -> ViewReduction { ViewReduction(method: method, schedule: schedules[view]) }
}

extension VisionLanguageModel {
  /// What a setting does to a picture inside the tower.
  /// - Returns: nil where every row stays.
  public func reduction(
    of picture: PictureDescription, setting: PruningSetting
  ) throws(VLMError) -> PictureReduction? {
    let model = self
    return try wrapping { () throws(PruningError) in try model.plannedReduction(of: picture, setting: setting) }
  }

  private func plannedReduction(
    of picture: PictureDescription, setting: PruningSetting
  ) throws(PruningError) -> PictureReduction? {
    guard let stages = setting.strategy.inTower else { return nil }
    let total = picture.visualTokens
    let budget = try setting.budget.validated(for: total)
    if budget.isEverything(of: total) { return nil }
    try checkTower(of: setting.strategy)
    let leaving = try stages.budgets(keeping: budget, of: total).tower
    if try leaving.validated(for: total).isEverything(of: total) { return nil }
    let counts: [Int?] =
      leaving == .adaptive ? picture.tokens.map { _ in nil } : try leaving.shares(of: picture.tokens)
    var schedules: [[Int]] = []
    for (count, patches) in zip(counts, picture.tokens) {
      schedules.append(try stages.reduction.schedule(keeping: count, of: patches, on: picture.tower))
    }
    return PictureReduction(
      method: stages.reduction, spec: try stages.reduction.resolved(on: picture.tower), schedules: schedules)
  }

  /// What decides after the tower, and what it keeps.
  /// - Parameter reduction: what becomes of the picture inside the tower.
  func afterTower(
    _ setting: PruningSetting, of picture: PictureDescription, _ reduction: PictureReduction?
  ) throws(PruningError) -> (strategy: any PruningStrategy, budget: Budget) {
    guard let stages = setting.strategy.inTower else { return (setting.strategy, setting.budget) }
    let total = picture.visualTokens
    let budget = try setting.budget.validated(for: total)
    guard let between = stages.between, !budget.isEverything(of: total) else { return (setting.strategy, .all) }
    let wanted = try stages.budgets(keeping: budget, of: total).between
    guard let reduction, wanted != .adaptive, wanted != .all else { return (between, wanted) }
    // Budgets count the tokens before any pruning.
    let count = try wanted.rows(of: total)
    let left = reduction.tokens.reduce(0, +)
    if stages.choosesSent { return (between, .count(min(count, left))) }
    guard count <= left else {
      throw .stageBelowBudget(strategy: type(of: stages.reduction).name, sent: left, wanted: count)
    }
    return (between, .count(count))
  }

  /// What the strategy after the tower reads of a picture.
  func evidenceAfterTower(
    _ setting: PruningSetting, of picture: PictureDescription, catalogue: StrategyCatalogue = .standard
  ) throws(PruningError) -> Evidence {
    guard setting.strategy.inTower != nil else {
      return try StrategyRunner.evidence(
        for: setting.strategy, of: picture, keeping: setting.budget, catalogue: catalogue)
    }
    _ = try StrategyRunner.evidence(for: setting.strategy, on: picture.tower, catalogue: catalogue)
    if setting.budget == .adaptive, let decoder = setting.strategy.inDecoder {
      let others = catalogue.strategies.filter { $0.findsOwnBudget && $0.ownBudgetOption == nil }.map { $0.name }
      throw .noOwnBudget(strategy: type(of: decoder).name, others: others)
    }
    let reduction = try plannedReduction(of: picture, setting: setting)
    let (strategy, budget) = try afterTower(setting, of: picture, reduction)
    let seen = reduction.map { picture.reduced(to: $0.tokens) } ?? picture
    return try StrategyRunner.evidence(for: strategy, of: seen, keeping: budget, catalogue: catalogue)
  }

  /// Refuses a strategy that acts inside a tower which needs every row.
  func checkTower(of strategy: any PruningStrategy) throws(PruningError) {
    guard strategy.inTower != nil, !type(of: family).reducesInsideTower else { return }
    throw .needsPlainTower(strategy: type(of: strategy).name, alternatives: fittingStrategies.names)
  }
}
