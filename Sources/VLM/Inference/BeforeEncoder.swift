import Images
import Pruning

extension VisionLanguageModel {
  /// What a strategy that decides before the tower sends of a picture. Only what it keeps need be encoded.
  /// - Returns: nil where the strategy decides later, or everything is kept.
  /// - Throws: where such a strategy is joined with a method inside the decoder, too.
  public func planBeforeEncoder(_ picture: Picture, setting: PruningSetting) throws(VLMError) -> ImagePlan? {
    guard let strategy = setting.strategy as? any BeforeEncoderPruning else {
      try wrapping { () throws(PruningError) in try refuseJoined(setting.strategy) }
      return nil
    }
    let description = family.describe(picture, packing: setting.packing)
    let model = self
    return try wrapping { () throws(PruningError) in
      let budget = try setting.budget.validated(for: description.visualTokens)
      if budget.isEverything(of: description.visualTokens) { return nil }
      guard let pixels = model.family.cells(of: picture) else { throw model.wholeViewsOnly(strategy) }
      let plan = try strategy.plan(description, pixels: pixels, keeping: budget)
      precondition(plan.copiesRows, "what is not encoded cannot be averaged")
      return plan
    }
  }

  /// Refuses a strategy that decides before a tower which encodes whole views.
  func check(_ strategy: any PruningStrategy, keeping budget: Budget) throws(PruningError) {
    guard let strategy = strategy as? any BeforeEncoderPruning else { return try refuseJoined(strategy) }
    guard type(of: family).encodesSomeCells else { throw wholeViewsOnly(strategy) }
    try strategy.check(budget)
  }

  /// Refuses a strategy that decides before the tower and is joined with a method inside the decoder.
  private func refuseJoined(_ strategy: any PruningStrategy) throws(PruningError) {
    guard let early = strategy.beforeDecoder as? any BeforeEncoderPruning else { return }
    let name = type(of: early).name
    throw .malformedSpec("\(name) + …", reason: "\(name) stands alone: nothing inside the decoder joins it")
  }

  private func wholeViewsOnly(_ strategy: any BeforeEncoderPruning) -> PruningError {
    .needsPartialViews(strategy: type(of: strategy).name, alternatives: fittingStrategies.names)
  }
}

extension ImagePlan {
  /// The tokens of each view that its rows are made of, ascending; nil where that is every one.
  public var sources: [[Int]]? {
    let sources = views.map { Set($0.sources).sorted() }
    return sources.map(\.count) == tokens ? nil : sources
  }
}
