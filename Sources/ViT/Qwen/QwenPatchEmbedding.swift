import Basics
import Kernels

/// Cuts a view into patches of several frames and embeds each: a convolution whose stride is its kernel, written as one
/// product.
struct QwenPatchEmbedding: Sendable {
  let patchSize: Int
  /// Frames of a patch.
  let frames: Int
  /// Inputs are 3 · frames · patchSize², in the order channel, frame, row, column.
  let projection: Linear

  /// The embedded patches, [patches, width], in the order of the sequence.
  /// - Parameter pixels: [frames, 3, height, width], or one frame that stands for all.
  func callAsFunction(
    _ pixels: [Float], patchGrid: Grid, _ sequence: QwenSequence, workers: Workers
  ) -> AlignedBuffer {
    let (height, width) = (patchGrid.rows * patchSize, patchGrid.columns * patchSize)
    let frameSize = 3 * height * width
    precondition(
      pixels.count == frameSize || pixels.count == frames * frameSize, "a view has one frame, or a patch's frames")
    let isStill = pixels.count == frameSize
    let count = sequence.patches
    var patches = AlignedBuffer(count: count * projection.inputs, from: workers.workspaces)
    pixels.withUnsafeBufferPointer { pixels in
      let source = SharedSpan(reading: pixels)
      patches.withMutableElements { patches in
        patches.withUnsafeMutableBufferPointer { patches in
          let target = SharedSpan(writing: patches)
          workers.forEachRange(of: count, grain: 32) { range in
            for patch in range {
              let corner = sequence.rows[patch] * patchSize * width + sequence.columns[patch] * patchSize
              var place = patch * projection.inputs
              for channel in 0..<3 {
                for frame in 0..<frames {
                  let plane = (isStill ? 0 : frame * frameSize) + channel * height * width
                  for line in 0..<patchSize {
                    let start = plane + corner + line * width
                    _ = target.writable(place..<place + patchSize)
                      .update(fromContentsOf: source[start..<start + patchSize])
                    place += patchSize
                  }
                }
              }
            }
          }
        }
      }
    }
    var embedded = AlignedBuffer(count: count * projection.outputs, from: workers.workspaces)
    projection.apply(patches, rows: count, into: &embedded, workers: workers)
    return embedded
  }
}
