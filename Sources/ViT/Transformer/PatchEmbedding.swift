import Kernels

/// Cuts a view into patches and embeds each: a convolution whose stride is its kernel, written as one product.
struct PatchEmbedding: Sendable {
  let patchSize: Int
  /// Inputs are 3 · patchSize², in the order channel, row, column.
  let projection: Linear

  /// - Parameter pixels: one view, [3, height, width].
  /// - Returns: [patches, width] in raster order.
  func callAsFunction(_ pixels: [Float], height: Int, width: Int, workers: Workers) -> Matrix {
    precondition(pixels.count == 3 * height * width, "a view has three channels")
    let rows = height / patchSize
    let columns = width / patchSize
    let area = patchSize * patchSize
    var patches = Matrix(rows: rows * columns, columns: 3 * area)
    for row in 0..<rows {
      for column in 0..<columns {
        let patch = (row * columns + column) * 3 * area
        for channel in 0..<3 {
          for line in 0..<patchSize {
            let source = (channel * height + row * patchSize + line) * width + column * patchSize
            let target = patch + channel * area + line * patchSize
            for offset in 0..<patchSize { patches.values[target + offset] = pixels[source + offset] }
          }
        }
      }
    }
    return projection(patches, workers: workers)
  }
}
