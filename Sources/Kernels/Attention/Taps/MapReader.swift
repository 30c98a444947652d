/// The whole map of every head: [heads · S, S].
final class MapReader: TapReader {
  private let heads: Int
  private let tokens: Int
  private let map: HeadMemory<Float>

  init(heads: Int, tokens: Int) {
    self.heads = heads
    self.tokens = tokens
    map = HeadMemory(count: heads * tokens * tokens)
  }

  func reads(query: Int) -> Bool { true }

  func read(_ scores: UnsafePointer<Float>, stride: Int, head: Int, queries: Range<Int>, keys: Range<Int>) {
    for query in queries {
      map.copy(
        scores + (query - queries.lowerBound) * stride, to: (head * tokens + query) * tokens + keys.lowerBound,
        count: keys.count)
    }
  }

  func result() -> TapValue { .rows(Matrix(rows: heads * tokens, columns: tokens, values: Array(map.elements))) }
}
