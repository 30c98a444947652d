extension ImagePlan {
  /// Arranges the views' rows as FasterVLM sends them, without separators: the thumbnail's rows in their order, then the
  /// crops' rows in the raster of the whole crop grid (row y of crop 0, row y of crop 1, …).
  init(
    arranging views: [ViewPlan], of image: EncodedImage, limit: Int, count: Count = .withinBudget,
    scores: [[Double]] = []
  ) throws(PruningError) {
    try self.init(
      views: views, sequence: Self.arrangement(of: views, layout: image.layout, grid: image.tower.grid),
      tokensPerView: image.tokensPerView, limit: limit, count: count, scores: scores)
  }

  /// Everything, in raster order: what keeping all means.
  public static func dense(layout: ViewLayout, grid: PatchGrid) -> ImagePlan {
    let views = [ViewPlan](repeating: ViewPlan(keeping: Array(0..<grid.count)), count: layout.views)
    return ImagePlan(unchecked: views, sequence: arrangement(of: views, layout: layout, grid: grid))
  }

  private static func arrangement(of views: [ViewPlan], layout: ViewLayout, grid: PatchGrid) -> [SequenceItem] {
    let first = (0..<views[0].rows).map { SequenceItem.row(view: 0, row: $0) }
    guard case .thumbnailAndCrops(let crops) = layout else { return first }
    var placed: [(place: Int, item: SequenceItem)] = []
    for crop in 0..<crops.count {
      for (row, anchor) in views[crop + 1].anchors.enumerated() {
        placed.append((crops.place(of: anchor, inCrop: crop, grid: grid), .row(view: crop + 1, row: row)))
      }
    }
    // Swift's sort is stable: rows with one anchor stay in the plan's order.
    return first + placed.sorted { $0.place < $1.place }.map(\.item)
  }
}

extension PatchGrid {
  /// Where token `token` of crop number `crop` lies in the raster of all crops, `self` being the grid of crops. A class
  /// token comes after everything.
  func place(of token: Int, inCrop crop: Int, grid: PatchGrid) -> Int {
    guard token != ViewPlan.classSource else { return count * grid.count + crop }
    let row = crop / columns * grid.rows + token / grid.columns
    let column = crop % columns * grid.columns + token % grid.columns
    return row * columns * grid.columns + column
  }
}
