import Foundation

/// Rotary position embeddings of patches in two dimensions: of a head's pairs of channels, the first half turns with
/// the patch's row and the second with its column, in the layout of `Rotary`.
public struct GridRotary: Sendable {
  public let headWidth: Int
  /// Angle per row or column, [headWidth / 4].
  private let frequencies: [Float]

  public init(headWidth: Int, theta: Double) {
    precondition(headWidth > 0 && headWidth % 4 == 0, "rows and columns each turn pairs of channels")
    self.headWidth = headWidth
    let side = Float(headWidth / 2)
    // In float32, as the reference computes them.
    frequencies = (0..<headWidth / 4).map { 1 / Foundation.pow(Float(theta), Float(2 * $0) / side) }
  }

  /// Cosines and sines of patches at these rows and columns of their grid: [patches, headWidth / 2] each.
  public func table(rows: [Int], columns: [Int]) -> RotaryTable {
    precondition(rows.count == columns.count, "a patch has a row and a column")
    let half = headWidth / 2
    var table = RotaryTable(
      cosines: Matrix(rows: rows.count, columns: half), sines: Matrix(rows: rows.count, columns: half))
    // A grid has few rows and columns, and many patches.
    let lines = (0...(max(rows.max() ?? 0, columns.max() ?? 0))).map { line in
      frequencies.map { frequency in
        (cosine: Foundation.cos(Float(line) * frequency), sine: Foundation.sin(Float(line) * frequency))
      }
    }
    for patch in rows.indices {
      for (place, angle) in (lines[rows[patch]] + lines[columns[patch]]).enumerated() {
        table.cosines.values[patch * half + place] = angle.cosine
        table.sines.values[patch * half + place] = angle.sine
      }
    }
    return table
  }
}
