import Pruning

extension VisionLanguageModel {
  /// Refuses a strategy or a budget that cannot serve one picture of this model, before any compute.
  public func check(_ setting: PruningSetting) throws(VLMError) {
    _ = try wrapping { () throws(PruningError) in
      try StrategyRunner.evidence(for: setting.strategy, on: description, layout: .single, keeping: setting.budget)
    }
  }
}
