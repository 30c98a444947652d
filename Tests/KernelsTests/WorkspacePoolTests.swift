import Synchronization
import TestSupport
import Testing

@testable import Kernels

@Suite struct `Rooms that are used again` {
  @Test func `come back when a buffer ends, and serve the next of about their size`() {
    let pool = WorkspacePool()
    for count in [10_000, 10_000, 10_200, 9_900] {
      var buffer = AlignedBuffer(count: count, from: pool)
      #expect(buffer.count == count && pool.keptBytes == 0)
      buffer.withMutableSpan(0..<count) { $0[count - 1] = 1 }
    }
    #expect(pool.allocations == 1 && pool.keptBytes >= 40_000)
    _ = AlignedBuffer(count: 100_000, from: pool)
    #expect(pool.allocations == 2)
  }

  @Test func `are two where two are used at once`() {
    let pool = WorkspacePool()
    for _ in 0..<3 {
      var first = AlignedBuffer(count: 5000, from: pool)
      var second = AlignedBuffer(count: 5000, from: pool)
      first.withMutableSpan(0..<5000) { for index in 0..<5000 { $0[index] = 1 } }
      second.withMutableSpan(0..<5000) { for index in 0..<5000 { $0[index] = 2 } }
      #expect(first.withSpan(0..<5000) { span in (0..<5000).allSatisfy { span[$0] == 1 } })
    }
    #expect(pool.allocations == 2)
  }

  @Test func `are kept up to the limit, the last used ones`() {
    let pool = WorkspacePool(limit: 100_000)
    for count in [10_000, 20_000, 5_000] { _ = AlignedBuffer(count: count, from: pool) }
    #expect(pool.allocations == 3 && pool.keptBytes <= 100_000)
    _ = AlignedBuffer(count: 5_000, from: pool)
    #expect(pool.allocations == 3)
    let none = WorkspacePool(limit: 0)
    for _ in 0..<2 { _ = AlignedBuffer(count: 5_000, from: none) }
    #expect(none.allocations == 2 && none.keptBytes == 0)
  }

  @Test func `may be taken and given back by many threads`() {
    let pool = WorkspacePool(limit: 300_000)
    let wrong = Atomic<Int>(0)
    Workers(count: 4).forEach(400) { item in
      let count = 2000 + item % 7 * 1000
      var buffer = AlignedBuffer(count: count, from: pool)
      buffer.withMutableSpan(0..<count) { for index in 0..<count { $0[index] = Float(item) } }
      let isOwn = buffer.withSpan(0..<count) { span in (0..<count).allSatisfy { span[$0] == Float(item) } }
      if !isOwn { wrong.add(1, ordering: .relaxed) }
    }
    #expect(wrong.load(ordering: .relaxed) == 0 && pool.keptBytes <= 300_000)
  }

  /// What a library user pays for every token, without the command line's allocator settings.
  @Test(arguments: NumberFormat.allCases, BackEnd.allCases)
  func `are enough for products and attention from the second time on`(_ format: NumberFormat, _ backEnd: BackEnd) {
    let workers = Workers(count: 1)
    let engine = ProductEngine(backEnd)
    let (rows, width, heads, headWidth) = (70, 256, 4, 64)
    let weights = TestNumbers.sample(width * width, in: -1...1)
    let layer = Linear(
      `Products with packed weights`.packed(weights, width, width, format, workers: 1), engine: engine)
    let input = TestNumbers.sample(rows * width, in: -1...1)
    func work() {
      var output = [Float](repeating: 0, count: rows * width)
      layer.apply(input, rows: rows, into: &output, workers: workers)
      layer.apply(input, rows: 1, into: &output, workers: workers)
      layer.apply(gating: layer, activation: .silu, input, rows: rows, into: &output, workers: workers)
      for engine in [engine, nil] {
        _ = EncoderAttention(heads: heads, headWidth: headWidth, prefix: 1, engine: engine).apply(
          queries: input, keys: input, values: input, tokens: rows, into: &output, workers: workers)
        let attention = CausalAttention(heads: heads, keyValueHeads: 2, headWidth: headWidth, engine: engine)
        var cache = KeyValueCache(layers: 1, heads: 2, headWidth: headWidth, capacity: rows + 1)
        for count in [rows, 1] {
          attention.apply(
            queries: input, asking: count, keys: input, values: input, rows: count, layer: 0, cache: &cache,
            into: &output, workers: workers)
          cache.advance(layer: 0, by: count)
        }
      }
    }
    work()
    let allocations = workers.workspaces.allocations
    #expect(allocations > 0)
    for _ in 0..<3 { work() }
    #expect(workers.workspaces.allocations == allocations)
  }
}
