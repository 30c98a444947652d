import Basics
import Kernels

/// How far two cells are apart, from their differences in each value.
enum PixelMetric: String, CaseIterable {
  /// The largest absolute difference.
  case max
  /// The mean absolute difference.
  case mae
  /// The root of the mean squared difference.
  case rmse
}

/// PixelPrune's raster scan of one view. Each cell is predicted from its neighbours, as they look once dropped cells
/// are filled in by their own predictions. A cell that its prediction comes close enough to is dropped.
struct PixelScan {
  private let grid: Grid
  private let values: Matrix
  private let metric: PixelMetric
  /// Distances found so far, by pair of cells: scans at several thresholds compare mostly the same pairs.
  private var known: [Int: Double] = [:]

  init(_ pixels: CellPixels, metric: PixelMetric) {
    grid = pixels.grid
    values = pixels.values
    self.metric = metric
  }

  /// The cells that stay, ascending: the first one always does.
  /// - Parameter threshold: the distance up to which cells are the same.
  mutating func kept(threshold: Double) -> [Int] {
    // A dropped cell looks like its prediction, which looks like a kept cell: this is the kept cell of each.
    var shown = Array(0..<grid.count)
    var kept: [Int] = []
    for cell in 0..<grid.count {
      if let prediction = prediction(of: cell, shown, threshold), isSame(cell, prediction, threshold) {
        shown[cell] = prediction
      } else {
        kept.append(cell)
      }
    }
    return kept
  }

  /// What a cell is expected to look like; nil for the first cell. That is its left neighbour, or the one above where
  /// an edge seems to run downwards between the two columns: the row above changes there, the left column does not.
  private mutating func prediction(of cell: Int, _ shown: [Int], _ threshold: Double) -> Int? {
    let (row, column) = cell.quotientAndRemainder(dividingBy: grid.columns)
    if row == 0 { return column == 0 ? nil : shown[cell - 1] }
    let above = shown[cell - grid.columns]
    if column == 0 { return above }
    let (left, corner) = (shown[cell - 1], shown[cell - grid.columns - 1])
    return isSame(corner, left, threshold) && !isSame(corner, above, threshold) ? above : left
  }

  private mutating func isSame(_ first: Int, _ second: Int, _ threshold: Double) -> Bool {
    if first == second { return true }
    let pair = Swift.min(first, second) * grid.count + Swift.max(first, second)
    if let distance = known[pair] { return distance <= threshold }
    let distance = distance(first, second)
    known[pair] = distance
    return distance <= threshold
  }

  /// In double, in the order of the values.
  private func distance(_ first: Int, _ second: Int) -> Double {
    let width = values.columns
    return values.values.withUnsafeBufferPointer { all in
      let first = UnsafeBufferPointer(rebasing: all[first * width..<(first + 1) * width])
      let second = UnsafeBufferPointer(rebasing: all[second * width..<(second + 1) * width])
      var result = 0.0
      for place in 0..<width {
        let difference = abs(Double(first[place]) - Double(second[place]))
        switch metric {
        case .max: result = Swift.max(result, difference)
        case .mae: result += difference
        case .rmse: result += difference * difference
        }
      }
      switch metric {
      case .max: return result
      case .mae: return result / Double(width)
      case .rmse: return (result / Double(width)).squareRoot()
      }
    }
  }
}
