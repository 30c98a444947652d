/// Means over the heads of keys or queries.
public enum HeadMeans {
  /// [tokens, headWidth] from rows [tokens, heads · headWidth]: in double, heads in order.
  public static func of(
    _ rows: Span<Float>, tokens: Int, heads: Int, headWidth: Int, workers: Workers
  ) -> DoubleMatrix {
    let width = heads * headWidth
    precondition(rows.count >= tokens * width, "rows are [tokens, heads · headWidth]")
    var result = DoubleMatrix(rows: tokens, columns: headWidth)
    result.values.withUnsafeMutableBufferPointer { values in
      rows.withUnsafeBufferPointer { rows in
        let (target, source) = (SharedSpan(writing: values), SharedSpan(reading: rows))
        workers.forEachRange(of: tokens, grain: 16) { tokens in
          for token in tokens {
            let sums = target.writable(token * headWidth..<(token + 1) * headWidth)
            for head in 0..<heads {
              let start = token * width + head * headWidth
              VectorMath.add(source[start..<start + headWidth], to: sums)
            }
            for channel in sums.indices { sums[channel] /= Double(heads) }
          }
        }
      }
    }
    return result
  }
}
