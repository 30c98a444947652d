extension ImagePlan {
  /// Arranges the views' rows as the image's `prunedPacking` says. In `unpadded` packing rows over padding are not sent; their
  /// slots stay empty.
  init(
    arranging views: [ViewPlan], of image: EncodedImage, limit: Int, count: Count = .withinBudget,
    scores: [[Double]] = []
  ) throws(PruningError) {
    let packed = Arrangement(views, of: image, packing: image.prunedPacking)
    try self.init(
      views: packed.views, sequence: packed.sequence, tokensPerView: image.tokensPerView, limit: limit, count: count,
      scores: scores)
  }

  /// Everything of an image, as its family sends it unpruned: what keeping all means.
  public static func dense(of image: EncodedImage) -> ImagePlan {
    var tokens = Array(0..<image.tower.grid.count)
    if image.unprunedPacking == .classTokens { tokens.insert(ViewPlan.classSource, at: 0) }
    let everything = [ViewPlan](repeating: ViewPlan(keeping: tokens), count: image.layout.views)
    let packed = Arrangement(everything, of: image, packing: image.unprunedPacking)
    return ImagePlan(unchecked: packed.views, sequence: packed.sequence)
  }

  /// Everything in `spatial` packing.
  public static func dense(layout: ViewLayout, grid: PatchGrid) -> ImagePlan {
    let views = [ViewPlan](repeating: ViewPlan(keeping: Array(0..<grid.count)), count: layout.views)
    return ImagePlan(unchecked: views, sequence: Arrangement.spatial(views, layout: layout, grid: grid))
  }
}

/// Rows of several views as one sequence.
private struct Arrangement {
  var views: [ViewPlan]
  let sequence: [SequenceItem]

  init(_ views: [ViewPlan], of image: EncodedImage, packing: ViewPacking) {
    guard packing == .unpadded, case .thumbnailAndCrops(let crops) = image.layout else {
      self.views = views
      sequence = Self.spatial(views, layout: image.layout, grid: image.tower.grid)
      return
    }
    let grid = image.tower.grid
    let area = UnpaddedArea(crops: crops, grid: grid, imageSize: image.imageSize, rounding: .sevenDecimals)
    let width = crops.columns * grid.columns
    self.views = views
    for crop in 0..<crops.count {
      self.views[crop + 1] = views[crop + 1].keepingRows { anchor in
        let place = crops.place(of: anchor, inCrop: crop, grid: grid)
        return area.rows.contains(place / width) && area.columns.contains(place % width)
      }
    }
    let placed = Self.placed(self.views, crops: crops, grid: grid)
    var rest = placed[...]
    var lines: [SequenceItem] = []
    for row in area.rows {
      let line = rest.prefix { $0.place / width == row }
      rest = rest.dropFirst(line.count)
      lines += line.map(\.item) + [.separator]
    }
    sequence = Self.rows(of: views[0], view: 0) + lines
  }

  /// The thumbnail's rows in their order, then the crops' rows in the raster of the whole crop grid (row y of crop 0, row y
  /// of crop 1, …); frames one behind the other.
  static func spatial(_ views: [ViewPlan], layout: ViewLayout, grid: PatchGrid) -> [SequenceItem] {
    guard case .thumbnailAndCrops(let crops) = layout else {
      return views.enumerated().flatMap { rows(of: $0.element, view: $0.offset) }
    }
    return rows(of: views[0], view: 0) + placed(views, crops: crops, grid: grid).map(\.item)
  }

  private static func rows(of plan: ViewPlan, view: Int) -> [SequenceItem] {
    (0..<plan.rows).map { .row(view: view, row: $0) }
  }

  /// The crops' rows in order of their places. Swift's sort is stable: rows with one anchor stay in the plan's order.
  private static func placed(
    _ views: [ViewPlan], crops: PatchGrid, grid: PatchGrid
  ) -> [(place: Int, item: SequenceItem)] {
    var placed: [(place: Int, item: SequenceItem)] = []
    for crop in 0..<crops.count {
      for (row, anchor) in views[crop + 1].anchors.enumerated() {
        placed.append((crops.place(of: anchor, inCrop: crop, grid: grid), .row(view: crop + 1, row: row)))
      }
    }
    return placed.sorted { $0.place < $1.place }
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
