import Pruning

extension VisionLanguageModel {
  /// Refuses a strategy or a budget that cannot serve any picture of this model, before any compute.
  public func check(_ setting: PruningSetting) throws(VLMError) {
    _ = try wrapping { () throws(PruningError) in
      try StrategyRunner.evidence(
        for: setting.strategy, on: description, layout: largestLayout, keeping: setting.budget)
    }
  }

  /// The layout with the most views that a picture of this model can have.
  private var largestLayout: ViewLayout {
    if let highResolution { return .thumbnailAndCrops(highResolution.largestGrid) }
    return video.map { .frames($0.frames) } ?? .single
  }
}
