import Basics
import Images
import Kernels
import Pruning

extension NativeResolutionConfiguration {
  /// A view's pixels as they were before normalisation, from 0 to 1, cell by cell: for each frame and channel, the rows
  /// of the cell.
  func cells(of view: ProcessedImage) -> CellPixels {
    let (side, tensor) = (patchSize * mergeSize, view.pixels)
    let grid = Grid(rows: tensor.height / side, columns: tensor.width / side)
    let scale = 255 * (pixels.rescales ? pixels.rescaleFactor : 1)
    // Per channel: value = factor · processed + shift.
    let factors = (0..<3).map { (pixels.normalises ? pixels.deviation[$0] : 1) / scale }
    let shifts = (0..<3).map { (pixels.normalises ? pixels.mean[$0] : 0) / scale }
    let planes = tensor.frames * 3
    var values: [Float] = []
    values.reserveCapacity(tensor.values.count)
    tensor.values.withUnsafeBufferPointer { processed in
      for cell in 0..<grid.count {
        let (row, column) = cell.quotientAndRemainder(dividingBy: grid.columns)
        for plane in 0..<planes {
          let (factor, shift) = (factors[plane % 3], shifts[plane % 3])
          for y in row * side..<(row + 1) * side {
            let start = (plane * tensor.height + y) * tensor.width + column * side
            for value in processed[start..<start + side] {
              values.append(Float(min(max(factor * Double(value) + shift, 0), 1)))
            }
          }
        }
      }
    }
    return CellPixels(grid: grid, values: Matrix(rows: grid.count, columns: planes * side * side, values: values))
  }
}
