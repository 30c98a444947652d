/// The first position's row of every head: [heads, S].
final class ClassRowReader: TapReader {
  private let heads: Int
  private let tokens: Int
  private let rows: HeadMemory<Float>

  init(heads: Int, tokens: Int) {
    self.heads = heads
    self.tokens = tokens
    rows = HeadMemory(count: heads * tokens)
  }

  func reads(query: Int) -> Bool { query == 0 }

  func read(_ scores: UnsafePointer<Float>, stride: Int, head: Int, queries: Range<Int>, keys: Range<Int>) {
    guard queries.lowerBound == 0 else { return }
    rows.copy(scores, to: head * tokens + keys.lowerBound, count: keys.count)
  }

  func result() -> TapValue { .rows(Matrix(rows: heads, columns: tokens, values: Array(rows.elements))) }
}
