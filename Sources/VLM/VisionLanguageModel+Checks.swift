import Pruning

extension VisionLanguageModel {
  /// Refuses a strategy, a budget or a grid that cannot serve any picture of this model, before any compute.
  /// - Parameter grid: the grid of crops that every picture will be cut into; nil where its shape decides.
  public func check(_ setting: PruningSetting, grid: PatchGrid? = nil) throws(VLMError) {
    guard grid == nil || highResolution != nil else { throw .noCrops(family: family) }
    let layout = grid.map { .thumbnailAndCrops($0) } ?? largestLayout
    _ = try wrapping { () throws(PruningError) in
      try StrategyRunner.evidence(for: setting.strategy, on: description, layout: layout, keeping: setting.budget)
    }
  }

  /// The layout with the most views that a picture of this model can have.
  private var largestLayout: ViewLayout {
    if let highResolution { return .thumbnailAndCrops(highResolution.largestGrid) }
    return video.map { .frames($0.frames) } ?? .single
  }
}
