import Kernels

/// Rows that are added to the residual stream after the first decoder blocks, at prefill only: DeepStack's visual
/// features (Qwen3-VL).
public struct LayerAdditions: Sendable, Equatable {
  /// Which rows of the embeddings they belong to, ascending.
  public let rows: [Int]
  /// [rows, decoder width] each; level k is added to the output of block k.
  public let levels: [Matrix]

  public init(rows: [Int], levels: [Matrix]) {
    precondition(zip(rows, rows.dropFirst()).allSatisfy(<) && (rows.first ?? 0) >= 0, "rows ascend")
    precondition(levels.allSatisfy { $0.rows == rows.count }, "every level has all rows")
    self.rows = rows
    self.levels = levels
  }

  /// Those of the embeddings in `range`, which become the first ones: for a prompt that is run in parts.
  public func slice(_ range: Range<Int>) -> LayerAdditions {
    let inside = rows.indices.filter { range.contains(rows[$0]) }
    let part = (inside.first ?? 0)..<(inside.last.map { $0 + 1 } ?? 0)
    return LayerAdditions(
      rows: rows[part].map { $0 - range.lowerBound }, levels: levels.map { $0.rows(part) })
  }

  /// Those of a shorter sequence: a merged row gets the same share of its sources' additions as of themselves.
  func reduced(to reduced: [ReducedRows.Row]) -> LayerAdditions {
    let places = Dictionary(uniqueKeysWithValues: rows.enumerated().map { ($1, $0) })
    let parts = reduced.map { row in
      ReducedRows.Row(merging: row.sources.compactMap { places[$0] }, scale: row.scale)
    }
    let touched = parts.indices.filter { !parts[$0].sources.isEmpty }
    return LayerAdditions(
      rows: touched,
      levels: levels.map { level in
        Matrix(
          rows: touched.count, columns: level.columns,
          values: touched.flatMap { parts[$0].values(of: level.values, width: level.columns) })
      })
  }

  /// Adds what belongs to the output of block `layer`.
  /// - Parameters:
  ///   - hidden: the residual stream [rows, width] from row `first` of the embeddings on.
  func add(after layer: Int, to hidden: inout AlignedBuffer, from first: Int) {
    guard levels.indices.contains(layer) else { return }
    let level = levels[layer]
    for (index, row) in rows.enumerated() where row >= first {
      let start = (row - first) * level.columns
      hidden.withMutableSpan(start..<start + level.columns) { span in
        for (channel, value) in level.row(index).enumerated() { span[channel] += value }
      }
    }
  }
}
