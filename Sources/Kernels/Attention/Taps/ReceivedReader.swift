/// Column sums of the head mean over the queries from `firstQuery` on: [S], in double.
final class ReceivedReader: TapReader {
  private let heads: Int
  private let tokens: Int
  private let firstQuery: Int
  private let sums: HeadMemory<Double>

  init(heads: Int, tokens: Int, firstQuery: Int) {
    self.heads = heads
    self.tokens = tokens
    self.firstQuery = firstQuery
    sums = HeadMemory(count: heads * tokens)
  }

  func reads(query: Int) -> Bool { query >= firstQuery }

  func read(_ scores: UnsafePointer<Float>, stride: Int, head: Int, queries: Range<Int>, keys: Range<Int>) {
    for query in queries where query >= firstQuery {
      sums.add(
        scores + (query - queries.lowerBound) * stride, at: head * tokens + keys.lowerBound, count: keys.count)
    }
  }

  func result() -> TapValue { .sums(sums.headMean(heads: heads, tokens: tokens)) }
}
