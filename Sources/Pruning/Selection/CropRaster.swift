import Basics

extension PictureDescription {
  /// The joint raster of the crops; nil where a picture is not cut.
  /// - Parameters:
  ///   - isUnpadded: whether what lies over padding is left out, by LLaVA's own rule.
  ///   - separatesRows: whether a separator ends each row.
  func cropRaster(isUnpadded: Bool = false, separatesRows: Bool = false) -> ViewRaster? {
    guard case .thumbnailAndCrops(let crops) = layout else { return nil }
    let area = UnpaddedArea(crops: crops, grid: grids[0], imageSize: imageSize, rounding: .truncated)
    return ViewRaster(crops: crops, grid: grids[0], area: isUnpadded ? area : nil, separatesRows: separatesRows)
  }

  /// The lists of tokens that a method sees which treats the thumbnail and the unpadded crops as one list: that list,
  /// or one list for each view of a picture that is not cut. Nil stands for a separator after a row of crops.
  func tokenLists(separatesRows: Bool) -> [[TokenPlace?]] {
    guard let raster = cropRaster(isUnpadded: true, separatesRows: separatesRows) else {
      return tokens.enumerated().map { view, count in (0..<count).map { TokenPlace(view: view, token: $0) } }
    }
    let thumbnail = (0..<tokens[0]).map { TokenPlace(view: 0, token: $0) }
    return [
      thumbnail
        + raster.rows.flatMap { row in
          raster.columns.map { raster.token(atRow: row, column: $0) } + (separatesRows ? [nil] : [])
        }
    ]
  }
}

extension ViewRaster {
  /// The token at a place of the common raster.
  func token(atRow row: Int, column: Int) -> TokenPlace {
    TokenPlace(
      view: first + row / grid.rows * crops.columns + column / grid.columns,
      token: row % grid.rows * grid.columns + column % grid.columns)
  }

  /// The order in which cells are met in the common raster.
  /// - Parameter cells: of each crop, in any order.
  /// - Returns: crop numbers, and places in their lists.
  func order(of cells: [[Int]]) -> [(crop: Int, index: Int)] {
    let all = cells.indices.flatMap { crop in cells[crop].indices.map { (crop: crop, index: $0) } }
    let width = crops.columns * grid.columns
    let places = cells.enumerated().map { crop, cells in
      cells.map { cell in
        let place = place(of: cell, inCrop: crop)
        return place.row * width + place.column
      }
    }
    return all.sorted { places[$0.crop][$0.index] < places[$1.crop][$1.index] }
  }
}

extension Budget {
  /// What each list of `tokenLists` may keep: its view's share, or the whole budget where there is one list.
  func shares(among lists: [Int], of picture: PictureDescription) throws(PruningError) -> [Int] {
    guard lists.count == 1 else { return try shares(of: picture.tokens) }
    let total = picture.visualTokens
    let count = if case .count(let count) = self { count } else { Int(keepRatio(of: total) * Double(total)) }
    guard count > 0 else { throw .budgetTooSmall(self, smallest: 1, views: 1) }
    return [count]
  }
}
