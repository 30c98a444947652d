import Kernels
import TestSupport
import Testing

@Suite struct `Attention weights of single queries` {
  private static let (rows, width) = (23, 10)

  /// Softmax of a few queries over keys [rows, keyValueHeads · width], in double.
  private func naive(_ queries: Matrix, of places: [Int], keys: Matrix, heads: Int, sharing: Int) -> [Float] {
    (0..<heads).flatMap { head in
      places.indices.flatMap { query in
        let logits = (0...places[query]).map { key in
          (0..<Self.width).reduce(0.0) {
            $0 + Double(queries[query, head * Self.width + $1])
              * Double(keys[key, head / sharing * Self.width + $1])
          } / Double(Self.width).squareRoot()
        }
        return NaiveAttention.softmax(logits).map(Float.init)
          + [Float](repeating: 0, count: Self.rows - 1 - places[query])
      }
    }
  }

  @Test(arguments: [(4, 4), (6, 2), (5, 1)], [[22], [0], [0, 3, 21, 22]])
  func `from keys in a cache and from bare keys, as the naive sum`(heads: (Int, Int), places: [Int]) {
    let (heads, shared) = heads
    var numbers = TestNumbers(seed: UInt64(heads))
    let queries = Matrix(
      rows: places.count, columns: heads * Self.width,
      values: numbers.floats(places.count * heads * Self.width, in: -3...3))
    let keys = Matrix(
      rows: Self.rows, columns: shared * Self.width, values: numbers.floats(Self.rows * shared * Self.width, in: -3...3)
    )
    let attention = CausalAttention(heads: heads, keyValueHeads: shared, headWidth: Self.width)
    let workers = Workers(count: 2)
    var cache = KeyValueCache(layers: 2, heads: shared, headWidth: Self.width, capacity: 1)
    cache.reserve(Self.rows)
    let all = Matrix(rows: Self.rows, columns: heads * Self.width)
    var context = all.values
    attention.apply(
      queries: all.values, keys: keys.values, values: keys.values, rows: Self.rows, layer: 1, cache: &cache,
      into: &context, workers: workers)
    cache.advance(layer: 1, by: Self.rows)
    let cached = attention.weights(of: places, queries: queries, layer: 1, cache: &cache, workers: workers)
    let bare = attention.weights(
      of: places, queries: queries, keys: keys.values.span, count: Self.rows, workers: workers)
    let expected = naive(queries, of: places, keys: keys, heads: heads, sharing: heads / shared)
    for weights in [cached, bare] {
      #expect((weights.heads, weights.queries, weights.columns) == (heads, places.count, Self.rows))
      expectClose(
        actual: weights.values, expected: expected, tolerance: Tolerances.attentionKernel, label: "weights",
        shape: [heads, places.count, Self.rows])
    }
    let row = (places.count - 1 + (heads - 1) * places.count) * Self.rows
    #expect(
      Array(cached.row(query: places.count - 1, head: heads - 1)) == Array(cached.values[row...].prefix(Self.rows)))
  }
}
