import Kernels
import TestSupport
import Testing

@testable import Language

/// Goldens by transformers' own decoders.
@Suite struct `Qwen decoders, rung by rung` {
  private let workers = Workers(count: 2)

  @Test(arguments: DecoderFixture.all)
  func `angles of positions of three numbers are transformers'`(_ fixture: DecoderFixture) throws {
    let configuration = try fixture.configuration()
    let rotary = Rotary(
      headWidth: configuration.headWidth, theta: configuration.rotaryTheta, scaling: configuration.rotaryScaling,
      sections: configuration.rotarySections)
    let table = rotary.table(positions: try fixture.positions())
    // A float32 frequency may differ in its last bit, at positions up to 22.
    try fixture.golden.expect(table.cosines.values, "golden.cosines", tolerance: 3e-6)
    try fixture.golden.expect(table.sines.values, "golden.sines", tolerance: 3e-6)
  }

  @Test(arguments: DecoderFixture.all)
  func `blocks, logits and greedy tokens`(_ fixture: DecoderFixture) throws {
    let decoder = try fixture.decoder()
    let golden = try fixture.golden
    let positions = try fixture.positions()
    let sink = RecordingSink()
    var cache = decoder.makeCache(capacity: 8)
    var logits = decoder.run(
      try fixture.matrix("embeddings"), positions: positions, additions: try fixture.additions(), cache: &cache,
      workers: workers, sink: sink)
    for block in 0..<decoder.configuration.depth {
      let values = try #require(sink.tensors["decoder.block.0\(block)"])
      try golden.expect(values, "golden.block.0\(block)", tolerance: Tolerances.blocks)
    }
    try golden.expect(logits, "golden.logits", tolerance: Tolerances.logits)
    let expected = try golden.integers("golden.generated_ids")
    let first = (positions.map { max($0.temporal, $0.height, $0.width) }.max() ?? 0) + 1
    var tokens: [Int] = []
    while tokens.count < expected.count {
      let best = try #require(logits.indices.max { logits[$0] < logits[$1] })
      tokens.append(best)
      logits = decoder.run(
        decoder.embed([best]), positions: [Position(first + tokens.count - 1)], cache: &cache, workers: workers)
    }
    #expect(tokens == expected)
  }

  @Test(arguments: DecoderFixture.all, [1, 5, 9, 16])
  func `a prompt in parts has the logits of the whole`(_ fixture: DecoderFixture, size: Int) throws {
    let decoder = try fixture.decoder()
    let embeddings = try fixture.matrix("embeddings")
    let (positions, additions) = (try fixture.positions(), try fixture.additions())
    var cache = decoder.makeCache(capacity: 4)
    let last = (embeddings.rows - 1) / size * size
    for start in stride(from: 0, to: last, by: size) {
      let part = start..<start + size
      decoder.fill(
        embeddings.rows(part), positions: Array(positions[part]), additions: additions?.slice(part), cache: &cache,
        workers: workers)
    }
    let rest = last..<embeddings.rows
    let logits = decoder.run(
      embeddings.rows(rest), positions: Array(positions[rest]), additions: additions?.slice(rest), cache: &cache,
      workers: workers)
    try fixture.golden.expect(logits, "golden.logits", tolerance: Tolerances.logits)
  }

  @Test func `additions reach the rows that they name, in every part of a prompt`() {
    let levels = [[1, 2, 3, 4, 5, 6], [7, 8, 9, 10, 11, 12]].map { Matrix(rows: 3, columns: 2, values: $0) }
    let additions = LayerAdditions(rows: [2, 3, 7], levels: levels)
    #expect(additions.slice(0..<8) == additions)
    #expect(
      additions.slice(3..<8)
        == LayerAdditions(rows: [0, 4], levels: levels.map { $0.rows(1..<3) }))
    #expect(additions.slice(4..<7) == LayerAdditions(rows: [], levels: levels.map { $0.rows(0..<0) }))
  }

  @Test func `a merged row gets its sources' share of the additions`() {
    let level = Matrix(rows: 3, columns: 2, values: [1, 2, 3, 4, 5, 6])
    let additions = LayerAdditions(rows: [1, 2, 5], levels: [level])
    let reduced = additions.reduced(to: [
      .init(keeping: 0), .init(keeping: 2), .init(merging: [1, 3, 5], scale: 0.5), .init(merging: [3, 4], scale: 0.5),
    ])
    // Rows 3 and 4 have no additions.
    #expect(
      reduced == LayerAdditions(rows: [1, 2], levels: [Matrix(rows: 2, columns: 2, values: [3, 4, 3, 4])]))
  }

  /// Keeps all rows, and reads what a method might read.
  private struct KeepingReduction: RowReduction {
    var seen: [Int: AttentionWeights] = [:]
    let blocks: [Int]
    let source: AttentionSource
    let positions: [Position]

    func isReduced(before block: Int) -> Bool { blocks.contains(block) }

    mutating func reduce(
      before block: Int, weights: ([Int], AttentionSource) -> AttentionWeights, rows: (RowSource) -> Matrix
    ) throws(Never) -> ReducedRows {
      seen[block] = weights([4, 22], source)
      return ReducedRows(rows: (0..<rows(.residual).rows).map { .init(keeping: $0) }, positions: positions)
    }
  }

  @Test(arguments: DecoderFixture.all, [AttentionSource.blockBefore, .blockAfter])
  func `a reduction that keeps all rows changes no bit`(_ fixture: DecoderFixture, source: AttentionSource) throws {
    let decoder = try fixture.decoder()
    let embeddings = try fixture.matrix("embeddings")
    let (positions, additions) = (try fixture.positions(), try fixture.additions())
    var reduction = KeepingReduction(blocks: [1, 3], source: source, positions: positions)
    var cache = decoder.makeCache(capacity: 23)
    var dense = decoder.makeCache(capacity: 23)
    let prefill = decoder.prefill(
      embeddings, positions: positions, additions: additions, reducing: &reduction, cache: &cache, workers: workers)
    #expect(
      prefill.logits
        == decoder.run(embeddings, positions: positions, additions: additions, cache: &dense, workers: workers))
    #expect(reduction.seen.keys.sorted() == [1, 3])
    for weights in reduction.seen.values {
      for head in 0..<decoder.configuration.heads {
        // Softmax over 23 columns; row 4 sees five of them.
        #expect(abs(weights.row(query: 1, head: head).reduce(0, +) - 1) < 1e-5)
        #expect(weights.row(query: 0, head: head).dropFirst(5).allSatisfy { $0 == 0 })
      }
    }
  }

  @Test(arguments: DecoderFixture.all)
  func `a block's attention ahead of its run is the attention that it has`(_ fixture: DecoderFixture) throws {
    let decoder = try fixture.decoder()
    let embeddings = try fixture.matrix("embeddings")
    let (positions, additions) = (try fixture.positions(), try fixture.additions())
    /// Of block 1.
    func weights(before block: Int, _ source: AttentionSource) -> AttentionWeights? {
      var reduction = KeepingReduction(blocks: [block], source: source, positions: positions)
      var cache = decoder.makeCache(capacity: 23)
      _ = decoder.prefill(
        embeddings, positions: positions, additions: additions, reducing: &reduction, cache: &cache, workers: workers)
      return reduction.seen[block]
    }
    let ahead = try #require(weights(before: 1, .blockAfter))
    let after = try #require(weights(before: 2, .blockBefore))
    // One product of a few rows may be summed in another order than that of many.
    expectClose(
      actual: ahead.values, expected: after.values, tolerance: Tolerances.attention, label: "weights of block 1")
  }
}
