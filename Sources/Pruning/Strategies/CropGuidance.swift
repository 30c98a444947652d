import Basics
import Foundation

/// What GlobalCom²'s thumbnail says about crops: each crop's share, and the thumbnail's scores at the crops' cells.
struct CropGuidance {
  /// Rows and columns of crops.
  let crops: Grid
  /// Tokens of one view.
  let grid: Grid
  /// The crops' joint raster.
  let raster: ViewRaster
  /// Its rows and columns that show the picture and not its padding.
  let validRows: Range<Int>
  let validColumns: Range<Int>

  /// Finds the padding as the released code does.
  init(crops: Grid, grid: Grid, imageSize: PixelSize) {
    self.crops = crops
    self.grid = grid
    raster = ViewRaster(crops: crops, grid: grid)
    let area = UnpaddedArea(crops: crops, grid: grid, imageSize: imageSize, rounding: .truncated)
    validRows = area.rows
    validColumns = area.columns
  }

  /// r_j = min(1, R·(1 + σ_j − 1/n)), σ being a softmax over the sums of the thumbnail's scores in each crop's part.
  /// The 1e−8 is from the released code, and decides borderline counts.
  func ratios(thumbnail scores: [Double], keeping ratio: Double, tau: Double) -> [Double] {
    var sums = [Double](repeating: 0, count: crops.count)
    for (token, score) in scores.enumerated() {
      let row = min(token / grid.columns / max(grid.rows / crops.rows, 1), crops.rows - 1)
      let column = min(token % grid.columns / max(grid.columns / crops.columns, 1), crops.columns - 1)
      sums[row * crops.columns + column] += score
    }
    let highest = sums.max() ?? 0
    let powers = sums.map { exp(($0 - highest) / tau) }
    let total = powers.reduce(0, +) + 1e-8
    return powers.map { min(1, ratio * (1 + $0 / total - 1 / Double(crops.count))) }
  }

  /// Tokens of a crop that are not padding, ascending.
  func validTokens(ofCrop crop: Int) -> [Int] {
    (0..<grid.count).filter { token in
      let place = raster.place(of: token, inCrop: crop)
      return validRows.contains(place.row) && validColumns.contains(place.column)
    }
  }

  /// Index of a valid token in the raster of the valid area.
  func validPlace(of token: Int, inCrop crop: Int) -> Int {
    let place = raster.place(of: token, inCrop: crop)
    return (place.row - validRows.lowerBound) * validColumns.count + place.column - validColumns.lowerBound
  }

  /// The thumbnail's scores, resized bilinearly (half-pixel centres) to the valid area, in raster order.
  func resized(thumbnail scores: [Double]) -> [Double] {
    let columns = (0..<validColumns.count).map { Self.sample($0, of: validColumns.count, over: grid.columns) }
    return (0..<validRows.count).flatMap { row -> [Double] in
      let vertical = Self.sample(row, of: validRows.count, over: grid.rows)
      return columns.map { horizontal in
        let upper = vertical.low * grid.columns
        let lower = vertical.high * grid.columns
        let above = Self.between(scores[upper + horizontal.low], scores[upper + horizontal.high], horizontal.share)
        let below = Self.between(scores[lower + horizontal.low], scores[lower + horizontal.high], horizontal.share)
        return Self.between(above, below, vertical.share)
      }
    }
  }

  private static func between(_ first: Double, _ second: Double, _ share: Double) -> Double {
    first * (1 - share) + second * share
  }

  /// The two source places of target place `index` and the share of the second.
  private static func sample(_ index: Int, of count: Int, over length: Int) -> (low: Int, high: Int, share: Double) {
    let centre = max(0, (Double(index) + 0.5) * (Double(length) / Double(count)) - 0.5)
    let low = min(Int(centre), length - 1)
    return (low, min(low + 1, length - 1), centre - Double(low))
  }
}
