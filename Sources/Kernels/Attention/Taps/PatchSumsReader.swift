/// Column and row sums of the head mean's patch–patch block: [N] each, in double.
final class PatchSumsReader: TapReader {
  private let heads: Int
  private let tokens: Int
  private let prefix: Int
  private let received: HeadMemory<Double>
  private let given: HeadMemory<Double>

  init(heads: Int, tokens: Int, prefix: Int) {
    self.heads = heads
    self.tokens = tokens
    self.prefix = prefix
    received = HeadMemory(count: heads * tokens)
    given = HeadMemory(count: heads * tokens)
  }

  func reads(query: Int) -> Bool { query >= prefix }

  func read(_ scores: UnsafePointer<Float>, stride: Int, head: Int, queries: Range<Int>, keys: Range<Int>) {
    for query in queries where query >= prefix {
      let row = scores + (query - queries.lowerBound) * stride
      received.add(row, at: head * tokens + keys.lowerBound, count: keys.count)
      let skipped = max(0, prefix - keys.lowerBound)
      let patches = UnsafeBufferPointer(start: row + skipped, count: keys.count - skipped)
      given.set(VectorMath.sum(patches), at: head * tokens + query)
    }
  }

  func result() -> TapValue {
    func patches(_ sums: HeadMemory<Double>) -> [Double] {
      Array(sums.headMean(heads: heads, tokens: tokens)[prefix...])
    }
    return .patchSums(PatchSums(received: patches(received), given: patches(given)))
  }
}
