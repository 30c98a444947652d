/// A strategy that begins inside the tower, alone or before others: "tome", "tome(keep=192) + cdpruner + pyramiddrop".
public protocol TowerReducing: PruningStrategy {
  /// What it does inside the tower and after it.
  var stages: TowerStages { get }
  /// The same with other stages after it.
  /// - Parameters:
  ///   - budget: what leaves the tower; nil: what the stages after it need.
  ///   - between: what decides between tower and decoder.
  ///   - decoder: what drops tokens inside the decoder.
  func joined(
    _ budget: Budget?, between: SpecStage?, decoder: (any DecoderPruning)?
  ) -> any PruningStrategy
}

/// A strategy in a joined spec, and what it sends.
public struct SpecStage: Sendable {
  public let strategy: any PruningStrategy
  /// Nil: twice what the next stage keeps.
  public let budget: Budget?

  public init(strategy: any PruningStrategy, budget: Budget?) {
    self.strategy = strategy
    self.budget = budget
  }
}

/// The stages of a strategy that begins inside the tower.
public struct TowerStages: Sendable {
  public let reduction: any TokenReduction
  /// What decides between tower and decoder; nil: everything that leaves the tower is sent.
  public let between: (any PruningStrategy)?
  let decoder: (any DecoderPruning)?
  let towerBudget: Budget?
  let betweenBudget: Budget?
  /// Whether the spec leaves it to the stages what is sent to the decoder.
  public var choosesSent: Bool { decoder != nil && betweenBudget == nil }

  /// What leaves the tower and what is sent, of a picture of `total` tokens.
  /// - Parameter budget: what the last stage keeps.
  /// - Throws: `stageWithoutBudget`.
  public func budgets(keeping budget: Budget, of total: Int) throws(PruningError) -> (tower: Budget, between: Budget) {
    let tower = type(of: reduction).name
    guard let between else {
      if let own = own { return (own, .all) }
      guard let decoder else { return (budget, .all) }
      return (try budget.twice(of: total, for: tower, before: type(of: decoder).name), .all)
    }
    let name = type(of: between).name
    var sent = budget
    if let decoder {
      if let betweenBudget {
        sent = betweenBudget
      } else {
        sent = try budget.twice(of: total, for: name, before: type(of: decoder).name)
      }
    }
    if let own = own { return (own, sent) }
    return (try sent.twice(of: total, for: tower, before: name), sent)
  }

  /// What the spec says about the tower.
  private var own: Budget? { towerBudget ?? (reduction.setsOwnBudget ? .adaptive : nil) }
}

extension Budget {
  /// What a stage sends whose spec does not say it: twice what the next one keeps.
  /// - Throws: `stageWithoutBudget` where that finds its own number.
  func twice(of total: Int, for strategy: String, before next: String) throws(PruningError) -> Budget {
    switch self {
    case .all: return .all
    case .adaptive: throw .stageWithoutBudget(strategy: strategy, method: next)
    case .count(let count): return 2 * count < total ? .count(2 * count) : .all
    case .ratio(let ratio): return 2 * ratio < 1 ? .ratio(2 * ratio) : .all
    }
  }
}

extension PruningStrategy {
  /// What it does inside the tower and after it; nil for strategies that decide after the tower.
  public var inTower: TowerStages? { (self as? any TowerReducing)?.stages }
}
