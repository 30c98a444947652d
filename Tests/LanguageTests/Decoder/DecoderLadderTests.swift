import Kernels
import Language
import TestSupport
import Testing

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
}
