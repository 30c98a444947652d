import Basics
import Checkpoint
import Foundation
import Kernels
import Language
import Pruning
import TestSupport
import Testing

@testable import VLM

/// A prompt, a method and a budget, with what an eager torch implementation makes of them, block by block:
/// `fixtures/generate/decoder_pruning.py`, which agrees with the authors' worked examples.
struct DecoderPruningCase: Decodable, Sendable, CustomTestStringConvertible {
  struct Cut: Decodable, Sendable {
    let block: Int
    let kept: [[Int]]
    let merged: [[Int]]
  }

  let spec: String
  let keep: String
  let prompt: String
  let rows: [Int]
  let raters: [[Int]]
  let cuts: [Cut]
  let shifts: [Int]
  let generatedIds: [Int]
  var testDescription: String { "\(spec) keeping \(keep), prompt \(prompt)" }
}

private struct PromptShape: Decodable {
  let rows: Int
  let pictures: [[Int]]
}

@Suite struct `Methods inside the decoder, block by block` {
  private static var golden: Golden? { golden("pruning") }
  /// The cases of two files, with their numbers there; both are about the decoder of the first.
  static let cases = ["pruning", "dart"].flatMap { file in
    (decoded([DecoderPruningCase].self, "cases", of: file) ?? []).enumerated().map { (file, $0.offset, $0.element) }
  }
  private static let prompts = decoded([String: PromptShape].self, "prompts") ?? [:]
  private let workers = Workers(count: 2)

  private static func golden(_ file: String) -> Golden? {
    try? Golden(Fixtures.url("golden/decoder/\(file).safetensors").path)
  }

  private static func decoded<Value: Decodable>(
    _ type: Value.Type, _ key: String, of file: String = "pruning"
  ) -> Value? {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return golden(file)?.metadata[key].flatMap { try? decoder.decode(type, from: Data($0.utf8)) }
  }

  private func decoder() throws -> Decoder {
    let golden = try #require(Self.golden)
    let json = try JSONValue(parsing: Array((golden.metadata["config"] ?? "").utf8))
    let configuration = try DecoderConfiguration(
      qwen3: try ConfigurationReader(json, file: "config.json"), tied: false)
    let source = WeightSource(file: golden.file)
    return try Decoder(configuration, from: WeightScope(source, prefix: "model"), headScope: WeightScope(source))
  }

  private func prompt(_ name: String) throws -> (embeddings: Matrix, layout: PromptLayout) {
    let shape = try #require(Self.prompts[name])
    let golden = try #require(Self.golden)
    let values = try golden.floats("golden.\(name).embeddings")
    let pictures = shape.pictures.map {
      PromptLayout.PictureRows(rows: $0[0]..<$0[0] + $0[1], codes: Array(0..<$0[1]))
    }
    return (
      Matrix(rows: shape.rows, columns: values.count / shape.rows, values: values),
      PromptLayout(positions: (0..<shape.rows).map { Position($0) }, pictures: pictures, canRenumber: true)
    )
  }

  @Test func `there are 24 cases, of every method`() {
    #expect(Self.cases.count == 24)
    #expect(
      DecoderPruningCatalogue.standard.names.allSatisfy { name in
        Self.cases.contains { $0.2.spec == name || $0.2.spec.hasPrefix("\(name)(") }
      })
  }

  @Test(arguments: cases.indices)
  func `kept and merged rows, rows of each block, logits and tokens`(_ index: Int) throws {
    let (file, number, example) = Self.cases[index]
    let decoder = try decoder()
    let (embeddings, layout) = try prompt(example.prompt)
    var reduction = PromptReduction(
      try PromptPruning(
        DecoderPruningCatalogue.standard.make(parsing: example.spec), keeping: Budget(parsing: example.keep),
        layout: layout, embeddings: embeddings, decoder: DecoderDescription(decoder), workers: workers))
    var cache = decoder.makeCache(capacity: 4)
    let prefill = try decoder.prefill(
      embeddings, positions: layout.positions, reducing: &reduction, cache: &cache, workers: workers)
    let record = reduction.pruning.record
    #expect(record.raters == example.raters)
    #expect(record.cuts.map(\.block) == example.cuts.map(\.block))
    for (cut, expected) in zip(record.cuts, example.cuts) {
      #expect(cut.kept == expected.kept, "before block \(cut.block)")
      #expect(cut.merged.flatMap { merged in merged.members.map { [merged.code, $0] } } == expected.merged)
    }
    let visual = record.rowsPerBlock(depth: decoder.configuration.depth)
    #expect(visual == example.rows)
    let text = embeddings.rows - layout.pictures.reduce(0) { $0 + $1.rows.count }
    #expect(cache.counts == visual.map { $0 + text })
    #expect(prefill.shifts == example.shifts)
    try #require(Self.golden(file)).expect(
      prefill.logits, "golden.\(number).logits", tolerance: Tolerances.logits)
    var (logits, tokens) = (prefill.logits, [Int]())
    while tokens.count < example.generatedIds.count {
      let best = try #require(logits.indices.max { logits[$0] < logits[$1] })
      tokens.append(best)
      logits = decoder.run(
        decoder.embed([best]), positions: [Position(embeddings.rows + tokens.count - 1)], shifts: prefill.shifts,
        cache: &cache, workers: workers)
    }
    #expect(tokens == example.generatedIds)
  }

  @Test(arguments: DecoderPruningCatalogue.standard.names)
  func `a budget of everything changes no bit`(_ name: String) throws {
    let decoder = try decoder()
    let (embeddings, layout) = try prompt("two")
    var reduction = PromptReduction(
      try PromptPruning(
        DecoderPruningCatalogue.standard.make(parsing: name), keeping: .all, layout: layout, embeddings: embeddings,
        decoder: DecoderDescription(decoder), workers: workers))
    var cache = decoder.makeCache(capacity: 80)
    var dense = decoder.makeCache(capacity: 80)
    let prefill = try decoder.prefill(
      embeddings, positions: layout.positions, reducing: &reduction, cache: &cache, workers: workers)
    #expect(
      prefill.logits == decoder.run(embeddings, positions: layout.positions, cache: &dense, workers: workers))
    #expect(prefill.shifts == [Int](repeating: 0, count: decoder.configuration.depth))
    #expect(cache.counts == dense.counts)
  }

  @Test func `a failed reduction leaves an empty cache`() throws {
    struct Failing: RowReduction {
      struct Refusal: Error {}
      func isReduced(before block: Int) -> Bool { block == 3 }
      mutating func reduce(
        before block: Int, weights: ([Int], AttentionSource) -> AttentionWeights, rows: (RowSource) -> Matrix
      ) throws(Refusal) -> ReducedRows { throw Refusal() }
    }
    let decoder = try decoder()
    let (embeddings, layout) = try prompt("one")
    var failing = Failing()
    var cache = decoder.makeCache(capacity: 80)
    #expect(throws: Failing.Refusal.self) {
      try decoder.prefill(
        embeddings, positions: layout.positions, reducing: &failing, cache: &cache, workers: workers)
    }
    #expect(cache.counts.allSatisfy { $0 == 0 })
  }
}
