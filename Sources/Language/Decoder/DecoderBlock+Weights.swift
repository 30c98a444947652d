import Kernels

extension DecoderBlock {
  /// The attention weights of some rows in this block, which has just run on all rows of the workspace.
  func weights(
    of rows: [Int], in work: borrowing DecoderWorkspace, layer: Int, cache: inout KeyValueCache, workers: Workers
  ) -> AttentionWeights {
    attention.weights(
      of: rows, queries: work.queries.rows(rows, width: query.outputs), layer: layer, cache: &cache, workers: workers)
  }

  /// The attention weights that some rows would have if this block ran on all rows of the workspace.
  func weightsAhead(
    of rows: [Int], in work: borrowing DecoderWorkspace, rotation: RotaryTable, workers: Workers
  ) -> AttentionWeights {
    let count = work.rows
    var normed = AlignedBuffer(count: count * attentionNorm.width, from: workers.workspaces)
    attentionNorm.apply(work.hidden, rows: count, into: &normed, workers: workers)
    var keys = AlignedBuffer(count: count * key.outputs, from: workers.workspaces)
    key.apply(normed, rows: count, into: &keys, workers: workers)
    keyNorm?.apply(inPlace: &keys, rows: count * attention.keyValueHeads, workers: workers)
    rotation.rotate(&keys, heads: attention.keyValueHeads, workers: workers)
    var queries = query(normed.rows(rows, width: attentionNorm.width), workers: workers)
    queryNorm?.apply(inPlace: &queries.values, rows: rows.count * attention.heads, workers: workers)
    rotation.rows(rows).rotate(&queries.values, heads: attention.heads, workers: workers)
    return keys.withElements { keys in
      attention.weights(of: rows, queries: queries, keys: keys, count: count, workers: workers)
    }
  }
}

extension AlignedBuffer {
  /// Copies of some rows of [rows, width].
  func rows(_ chosen: [Int], width: Int) -> Matrix {
    Matrix(rows: chosen.count, columns: width, values: chosen.flatMap { values($0 * width..<($0 + 1) * width) })
  }
}
