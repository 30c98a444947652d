/// Attention's softmax weights of a few queries: no map of all of them is ever made.
public struct AttentionWeights: Sendable, Equatable {
  public let heads: Int
  public let queries: Int
  /// Rows that are attended to; those after a query have the weight 0.
  public let columns: Int
  /// [heads][queries][columns].
  public let values: [Float]

  /// - Parameter values: [heads][queries][columns].
  public init(heads: Int, queries: Int, columns: Int, values: [Float]) {
    precondition(values.count == heads * queries * columns, "one weight a head, query and column")
    self.heads = heads
    self.queries = queries
    self.columns = columns
    self.values = values
  }

  /// The weights of one query in one head, [columns].
  public func row(query: Int, head: Int) -> ArraySlice<Float> {
    precondition((0..<queries).contains(query) && (0..<heads).contains(head), "a query and a head that were read")
    let start = (head * queries + query) * columns
    return values[start..<start + columns]
  }
}

extension CausalAttention {
  /// The weights of some rows over everything that a layer of the cache holds, which begins with row 0.
  /// - Parameters:
  ///   - rows: the queries' places among the layer's positions.
  ///   - queries: [rows, heads · headWidth], rotated, of these rows alone.
  public func weights(
    of rows: [Int], queries: Matrix, layer: Int, cache: inout KeyValueCache, workers: Workers
  ) -> AttentionWeights {
    let (count, capacity) = (cache.counts[layer], cache.capacity)
    var values: [Float] = []
    cache.withLayer(layer) { keys, _ in
      values = weights(
        of: rows, queries, keys, count: count, headStride: capacity * headWidth, stride: headWidth, workers)
    }
    return AttentionWeights(heads: heads, queries: rows.count, columns: count, values: values)
  }

  /// The weights of some rows over keys that no cache holds yet.
  /// - Parameters:
  ///   - rows: the queries' places among the keys.
  ///   - queries: [rows, heads · headWidth], rotated, of these rows alone.
  ///   - keys: [count, keyValueHeads · headWidth], rotated.
  public func weights(
    of rows: [Int], queries: Matrix, keys: Span<Float>, count: Int, workers: Workers
  ) -> AttentionWeights {
    precondition(keys.count >= count * keyValueHeads * headWidth, "one key a row")
    let values = keys.withUnsafeBufferPointer { keys in
      weights(
        of: rows, queries, SharedSpan(reading: keys), count: count, headStride: headWidth,
        stride: keyValueHeads * headWidth, workers)
    }
    return AttentionWeights(heads: heads, queries: rows.count, columns: count, values: values)
  }

  /// - Parameters:
  ///   - keys: key `i` of key–value head `h` begins at h · headStride + i · stride.
  /// - Returns: [heads][rows][count].
  private func weights(
    of rows: [Int], _ queries: Matrix, _ keys: SharedSpan<Float>, count: Int, headStride: Int, stride: Int,
    _ workers: Workers
  ) -> [Float] {
    precondition(queries.rows == rows.count && queries.columns == heads * headWidth, "one query a row")
    precondition(rows.allSatisfy { (0..<count).contains($0) }, "a query is one of the rows")
    guard !rows.isEmpty else { return [] }
    return [Float](unsafeUninitializedCapacity: heads * rows.count * count) { memory, filled in
      let result = SharedSpan(writing: memory)
      queries.values.withUnsafeBufferPointer { queries in
        let queries = SharedSpan(reading: queries)
        workers.forEach(heads) { head in
          let shared = head / (heads / keyValueHeads) * headStride
          let scores = Block(
            result.part(head * rows.count * count..<(head + 1) * rows.count * count), stride: count, rows: rows.count,
            count: count)
          OpenBLAS.multiplyTransposed(
            .init(elements: queries[head * headWidth..<queries.count], stride: heads * headWidth),
            .init(elements: keys[shared..<keys.count], stride: stride), into: scores, inner: headWidth,
            scale: 1 / Float(headWidth).squareRoot())
          for (index, row) in rows.enumerated() {
            VectorMath.softmax(UnsafeMutableBufferPointer(rebasing: scores[index][...row]))
            UnsafeMutableBufferPointer(rebasing: scores[index][(row + 1)...]).update(repeating: 0)
          }
        }
      }
      filled = memory.count
    }
  }
}

/// In which form the rows between two decoder blocks are read.
public enum RowSource: Sendable, Hashable {
  /// The residual stream that enters the next block: [rows, width].
  case residual
  /// The same after the decoder's final norm: [rows, width].
  case normed
  /// The rotated keys of the block that has just run, all heads side by side: [rows, heads · headWidth].
  case keys
}

/// Whose attention is read between two decoder blocks.
public enum AttentionSource: Sendable, Hashable {
  /// The block that has just run, on all present rows.
  case blockBefore
  /// The block that runs next, as if it ran on all present rows: its own norm and projections.
  case blockAfter
}
