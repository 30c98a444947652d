import Kernels
import TestSupport
import Testing

@Suite struct `Causal attention over the cache` {
  struct Shape: CustomTestStringConvertible {
    let tokens: Int
    let heads: Int
    let keyValueHeads: Int
    let headWidth: Int
    var testDescription: String { "\(tokens) tokens, \(heads) heads on \(keyValueHeads), \(headWidth) wide" }

    static let all = [1, 2, 63, 64, 65, 130].flatMap { tokens in
      [(4, 4, 8), (6, 2, 10), (5, 1, 3), (8, 2, 64), (6, 1, 80)].map {
        Shape(tokens: tokens, heads: $0.0, keyValueHeads: $0.1, headWidth: $0.2)
      }
    }
  }

  struct Operands {
    let shape: Shape
    let queries: Matrix
    let keys: Matrix
    let values: Matrix

    init(_ shape: Shape) {
      var numbers = TestNumbers(seed: UInt64(shape.tokens * 10 + shape.heads))
      let own = shape.heads * shape.headWidth
      let shared = shape.keyValueHeads * shape.headWidth
      self.shape = shape
      queries = Matrix(rows: shape.tokens, columns: own, values: numbers.floats(shape.tokens * own, in: -3...3))
      keys = Matrix(rows: shape.tokens, columns: shared, values: numbers.floats(shape.tokens * shared, in: -3...3))
      values = Matrix(rows: shape.tokens, columns: shared, values: numbers.floats(shape.tokens * shared))
    }

    /// Each query over itself and what is before it, in double.
    var naive: [Float] {
      let group = shape.heads / shape.keyValueHeads
      var context: [Float] = []
      for query in 0..<shape.tokens {
        for head in 0..<shape.heads {
          let shared = head / group * shape.headWidth
          let logits = (0...query).map { key in
            (0..<shape.headWidth).reduce(0.0) {
              $0 + Double(queries[query, head * shape.headWidth + $1]) * Double(keys[key, shared + $1])
            } / Double(shape.headWidth).squareRoot()
          }
          let weights = NaiveAttention.softmax(logits)
          context += (0..<shape.headWidth).map { channel in
            Float((0...query).reduce(0.0) { $0 + weights[$1] * Double(values[$1, shared + channel]) })
          }
        }
      }
      return context
    }

    /// The context of all positions, run in chunks that end at `ends`, on layer 1 of two.
    /// - Parameter asking: positions of each chunk that have a context, the last ones; all when left out.
    func run(ends: [Int], asking: Int? = nil, capacity: Int, workers: Int) -> [Float] {
      let attention = CausalAttention(
        heads: shape.heads, keyValueHeads: shape.keyValueHeads, headWidth: shape.headWidth)
      var cache = KeyValueCache(
        layers: 2, heads: shape.keyValueHeads, headWidth: shape.headWidth, capacity: capacity)
      var context: [Float] = []
      var start = 0
      for end in ends {
        let rows = end - start
        let asking = min(asking ?? rows, rows)
        cache.reserve(rows)
        var part = [Float](repeating: .nan, count: asking * queries.columns)
        attention.apply(
          queries: queries.rows(end - asking..<end).values, asking: asking, keys: keys.rows(start..<end).values,
          values: values.rows(start..<end).values, rows: rows, layer: 1, cache: &cache, into: &part,
          workers: Workers(count: workers))
        cache.advance(layer: 1, by: rows)
        context += part
        start = end
      }
      return context
    }
  }

  @Test(arguments: Shape.all, [1, 2])
  func `one prefill equals the naive sum`(_ shape: Shape, workers: Int) {
    let operands = Operands(shape)
    expectClose(
      actual: operands.run(ends: [shape.tokens], capacity: shape.tokens, workers: workers), expected: operands.naive,
      tolerance: Tolerances.attentionKernel, label: "context", shape: [shape.tokens, operands.queries.columns])
  }

  @Test(arguments: Shape.all)
  func `chunks of any size equal one prefill, and the cache grows under them`(_ shape: Shape) {
    let operands = Operands(shape)
    let whole = operands.run(ends: [shape.tokens], capacity: 1024, workers: 2)
    for size in [2, 37, 64] {
      let ends = Array(stride(from: size, to: shape.tokens, by: size)) + [shape.tokens]
      expectClose(
        actual: operands.run(ends: ends, capacity: 1, workers: 2), expected: whole,
        tolerance: Tolerances.attentionKernel,
        label: "chunks of \(size)")
    }
  }

  @Test(arguments: Shape.all)
  func `one position at a time equals one prefill`(_ shape: Shape) {
    let operands = Operands(shape)
    expectClose(
      actual: operands.run(ends: Array(1...shape.tokens), capacity: 1, workers: 1),
      expected: operands.run(ends: [shape.tokens], capacity: shape.tokens, workers: 1),
      tolerance: Tolerances.attentionKernel,
      label: "steps")
  }

  @Test(arguments: Shape.all, [1, 2, 5, 64])
  func `positions of which only the last ask see the same as when all do`(_ shape: Shape, asking: Int) {
    let operands = Operands(shape)
    let asking = min(asking, shape.tokens)
    let width = operands.queries.columns
    let whole = operands.run(ends: [shape.tokens], capacity: shape.tokens, workers: 1)
    let cut = max(1, shape.tokens - asking - 3)
    for ends in [[shape.tokens], [cut, shape.tokens]] {
      let last = operands.run(ends: ends, asking: asking, capacity: 1, workers: 2)
      expectClose(
        actual: Array(last.suffix(asking * width)), expected: Array(whole.suffix(asking * width)),
        tolerance: Tolerances.attentionKernel, label: "the last \(asking)")
    }
  }

  /// What another layer holds, more or less, changes nothing.
  @Test(arguments: [0, 3, 70])
  func `each layer attends to as many positions as it holds itself`(others: Int) {
    let operands = Operands(Shape(tokens: 40, heads: 6, keyValueHeads: 2, headWidth: 10))
    let (shape, width) = (operands.shape, operands.queries.columns)
    let attention = CausalAttention(
      heads: shape.heads, keyValueHeads: shape.keyValueHeads, headWidth: shape.headWidth)
    var cache = KeyValueCache(layers: 3, heads: shape.keyValueHeads, headWidth: shape.headWidth, capacity: 4)
    cache.reserve(others)
    cache.advance(layer: 0, by: others)
    cache.advance(layer: 2, by: others / 2)
    var context: [Float] = []
    for rows in [0..<7, 7..<8, 8..<40] {
      cache.reserve(rows.count)
      var part = [Float](repeating: .nan, count: rows.count * width)
      attention.apply(
        queries: operands.queries.rows(rows).values, keys: operands.keys.rows(rows).values,
        values: operands.values.rows(rows).values, rows: rows.count, layer: 1, cache: &cache, into: &part,
        workers: Workers(count: 2))
      cache.advance(layer: 1, by: rows.count)
      context += part
    }
    #expect(cache.counts == [others, 40, others / 2])
    expectClose(
      actual: context, expected: operands.naive, tolerance: Tolerances.attentionKernel, label: "context of one layer")
  }
}
