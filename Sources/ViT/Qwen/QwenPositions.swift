import Basics
import Kernels

/// A square table of learned positions, resampled for each view: bilinear, the table's corners at the view's corners.
struct QwenPositions: Sendable {
  let side: Int
  let width: Int
  /// [side · side, width].
  let table: WeightBuffer

  /// A place between two lines of the table, and how much each counts.
  struct Tap: Equatable {
    let line: Int
    let weight: Float
  }

  /// The two taps of line `index` of `count`. In float32, as the reference computes them.
  static func taps(_ index: Int, of count: Int, side: Int) -> [Tap] {
    let source = Float(index) * Float(side - 1) / Float(max(count - 1, 1))
    let floor = source.rounded(.down)
    return (0...1).map { offset in
      Tap(
        line: min(max(Int(floor) + offset, 0), side - 1), weight: max(1 - abs(source - floor - Float(offset)), 0))
    }
  }

  /// Adds each patch's position to its row of [patches, width].
  func add(to embedded: inout AlignedBuffer, patchGrid: Grid, _ sequence: QwenSequence, workers: Workers) {
    let rows = (0..<patchGrid.rows).map { Self.taps($0, of: patchGrid.rows, side: side) }
    let columns = (0..<patchGrid.columns).map { Self.taps($0, of: patchGrid.columns, side: side) }
    embedded.withMutableElements { embedded in
      embedded.withUnsafeMutableBufferPointer { embedded in
        let target = SharedSpan(writing: embedded)
        workers.forEachRange(of: sequence.patches, grain: 32) { range in
          table.withUnsafeElements { table in
            for patch in range {
              let place = target.writable(patch * width..<(patch + 1) * width)
              let taps = rows[sequence.rows[patch]].flatMap { row in
                columns[sequence.columns[patch]].map { (row.line * side + $0.line, row.weight * $0.weight) }
              }
              for channel in 0..<width {
                // Summed before it is added to the patch, as in the reference.
                var position: Float = 0
                for (entry, weight) in taps { position += table[entry * width + channel] * weight }
                place[channel] += position
              }
            }
          }
        }
      }
    }
  }
}
