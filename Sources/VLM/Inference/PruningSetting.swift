import Basics
import Language
import Pruning

/// How to prune.
public struct PruningSetting: Sendable {
  public var strategy: any PruningStrategy
  public var budget: Budget
  public var positions: ImagePlan.Positions
  public var seed: UInt64
  /// How strategies that treat each view alone send several views.
  public var packing: ViewPacking

  public init(
    strategy: any PruningStrategy, budget: Budget, positions: ImagePlan.Positions = .renumbered, seed: UInt64 = 0,
    packing: ViewPacking = .spatial
  ) {
    self.strategy = strategy
    self.budget = budget
    self.positions = positions
    self.seed = seed
    self.packing = packing
  }

  /// Reads a strategy spec and a budget as the command line spells them: "hiprune(alpha=0.1)", "25%".
  /// - Throws: `PruningError`.
  public init(_ spec: String, keep budget: String) throws(PruningError) {
    self.init(strategy: try StrategyCatalogue.standard.make(parsing: spec), budget: try Budget(parsing: budget))
  }
}

extension VisionLanguageModel {
  /// Refuses a strategy, a budget or options that cannot work for any picture of this model, before one is read.
  /// Each picture is checked again when its size is known.
  /// - Parameter options: how every picture will be read.
  public func check(_ setting: PruningSetting, options: PictureOptions = PictureOptions()) throws(VLMError) {
    try check(options)
    try checkInside(setting, options: options)
    let grid = options.grid
    let kinds = PictureKind.allCases.filter { family.markers[$0] != nil }
    let largest = kinds.compactMap { family.largestPicture(of: $0, grid: grid) }
      .max { $0.visualTokens < $1.visualTokens }
    let model = self
    try wrapping { () throws(PruningError) in
      let evidence: Evidence
      if let largest {
        evidence = try model.evidenceAfterTower(setting, of: largest, catalogue: model.fittingStrategies)
      } else {
        evidence = try StrategyRunner.evidence(
          for: setting.strategy, on: model.towerDescription, catalogue: model.fittingStrategies)
      }
      try model.check(evidence, of: setting.strategy.beforeDecoder)
      try model.checkTower(of: setting.strategy)
      try model.check(setting.strategy, keeping: setting.budget)
    }
  }

  /// What a setting reads of a picture: nothing when it keeps everything.
  public func evidence(for setting: PruningSetting, of picture: Picture) throws(VLMError) -> Evidence {
    let description = family.describe(picture, packing: setting.packing)
    try checkInside(setting, of: description)
    let model = self
    return try wrapping { () throws(PruningError) in
      let evidence = try model.evidenceAfterTower(setting, of: description)
      try model.check(evidence, of: setting.strategy.beforeDecoder)
      return evidence
    }
  }

  /// The setting's strategy with every option spelled out on this model.
  public func spec(of setting: PruningSetting) throws(VLMError) -> StrategySpec {
    let (tower, decoder) = (towerDescription, DecoderDescription(decoder))
    return try wrapping { () throws(PruningError) in try setting.strategy.resolved(on: tower, decoder: decoder) }
  }
}
