import Kernels

/// Cuts a view into patches and embeds each: a convolution whose stride is its kernel, written as one product.
struct PatchEmbedding: Sendable {
  let patchSize: Int
  /// Inputs are 3 · patchSize², in the order channel, row, column.
  let projection: Linear

  /// - Parameters:
  ///   - pixels: one view, [3, height, width].
  ///   - output: [patches, width] in raster order.
  func apply(
    _ pixels: [Float], height: Int, width: Int, into output: inout MutableSpan<Float>, workers: Workers
  ) {
    precondition(pixels.count == 3 * height * width, "a view has three channels")
    let rows = height / patchSize
    let columns = width / patchSize
    var patches = AlignedBuffer(count: rows * columns * projection.inputs, from: workers.workspaces)
    patches.withMutableElements { cut(pixels, height: height, width: width, into: &$0) }
    patches.withElements { projection.apply($0, rows: rows * columns, into: &output, workers: workers) }
  }

  /// Patches [rows · columns, 3 · patchSize²].
  private func cut(_ pixels: [Float], height: Int, width: Int, into patches: inout MutableSpan<Float>) {
    let columns = width / patchSize
    let area = patchSize * patchSize
    for row in 0..<height / patchSize {
      for column in 0..<columns {
        let patch = (row * columns + column) * 3 * area
        for channel in 0..<3 {
          for line in 0..<patchSize {
            let source = (channel * height + row * patchSize + line) * width + column * patchSize
            let target = patch + channel * area + line * patchSize
            for offset in 0..<patchSize { patches[target + offset] = pixels[source + offset] }
          }
        }
      }
    }
  }
}
