import Foundation
import Kernels
import TestSupport
import Testing

@testable import Pruning

/// Worked schedules, raters, clusters and gravity, made by an implementation that was checked against the authors'
/// code.
private struct WorkedExamples: Decodable {
  struct Schedule: Decodable, Sendable, CustomTestStringConvertible {
    let spec: String
    let keep: String
    let visual: Int
    let blocks: Int
    let heads: Int
    let cuts: [[Int]]
    let headsKept: Int?
    var testDescription: String { "\(spec) keeping \(keep) of \(visual) in \(blocks) blocks" }
  }

  struct Clusters: Decodable {
    struct Case: Decodable {
      let clusters: Int
      let members: [[Int]]
      let merged: [[Double]]
    }
    let rows: [[Float]]
    let results: [Case]
  }

  struct Gravity: Decodable {
    let headWidth: Int
    let theta: Double
    let delta: [Int]
    let g: [Double]
  }

  struct Raters: Decodable {
    let visual: [[Float]]
    let text: [[Float]]
    let m: [Double]
    let raters: [Int]
  }

  let schedules: [Schedule]
  let clusters: Clusters
  let gravity: Gravity
  let raters: Raters

  static let all: WorkedExamples? = {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try? decoder.decode(
      WorkedExamples.self, from: Data(contentsOf: Fixtures.url("golden/strategies/decoder.json")))
  }()
}

@Suite struct `Schedules of methods inside the decoder` {
  private static let schedules = WorkedExamples.all?.schedules ?? []

  private static func description(blocks: Int, heads: Int = 32) -> DecoderDescription {
    DecoderDescription(depth: blocks, heads: heads, frequencies: [1, 0.1])
  }

  private static func cuts(_ spec: String, _ keep: String, of rows: Int, blocks: Int) throws -> [[Int]] {
    try DecoderPruningCatalogue.standard.make(parsing: spec)
      .cuts(keeping: Budget(parsing: keep), of: rows, on: description(blocks: blocks)).map { [$0.block, $0.count] }
  }

  @Test func `there are 192 worked schedules`() { #expect(Self.schedules.count == 192) }

  @Test(arguments: schedules)
  private func `cuts and counts are the worked ones`(_ example: WorkedExamples.Schedule) throws {
    let method = try DecoderPruningCatalogue.standard.make(parsing: example.spec)
    let decoder = Self.description(blocks: example.blocks, heads: example.heads)
    let cuts = try method.cuts(keeping: Budget(parsing: example.keep), of: example.visual, on: decoder)
    #expect(cuts.map { [$0.block, $0.count] } == example.cuts)
    if let heads = example.headsKept { #expect(try (method as? SparseVLMPlus)?.heads(on: decoder) == heads) }
    // The canonical spec means the same.
    let canonical = try DecoderPruningCatalogue.standard.make(parsing: method.resolved(on: decoder).description)
    #expect(try canonical.cuts(keeping: Budget(parsing: example.keep), of: example.visual, on: decoder) == cuts)
  }

  @Test func `canonical specs spell out every option`() throws {
    func spec(_ text: String, blocks: Int) throws -> String {
      try DecoderPruningCatalogue.standard.make(parsing: text).resolved(on: Self.description(blocks: blocks))
        .description
    }
    #expect(try spec("fastv", blocks: 32) == "fastv(layer=2, budget=average)")
    #expect(try spec("pyramiddrop(budget=final)", blocks: 32) == "pyramiddrop(blocks=auto, budget=final)")
    #expect(try spec("pyramiddrop(blocks=3/5)", blocks: 32) == "pyramiddrop(blocks=3/5, budget=average)")
    #expect(try spec("sparsevlm", blocks: 32) == "sparsevlm(blocks=2/6/15, merge=true)")
    #expect(try spec("sparsevlm(merge=false)", blocks: 12) == "sparsevlm(blocks=0/2/5, merge=false)")
    #expect(try spec("sparsevlm+", blocks: 40) == "sparsevlm+(blocks=2/6/15, heads=14)")
  }

  @Test(arguments: [
    ("fastv", 576, 32, 37), ("fastv", 576, 12, 97), ("fastv(layer=3)", 64, 22, 10), ("pyramiddrop", 576, 32, 37),
    ("pyramiddrop(blocks=8/16/24)", 576, 32, 145),
  ])
  func `a budget that a schedule cannot reach names the smallest that it can`(
    _ spec: String, rows: Int, blocks: Int, smallest: Int
  ) throws {
    let error = #expect(throws: PruningError.self) {
      try Self.cuts(spec, "\(smallest - 1)", of: rows, blocks: blocks)
    }
    let name = String(spec.prefix { $0 != "(" })
    #expect(error == .budgetBelowSchedule(.count(smallest - 1), strategy: name, smallest: smallest))
    #expect(error?.hint.contains("\(smallest)") == true && error?.isUsageError == true)
    let cuts = try Self.cuts(spec, "\(smallest)", of: rows, blocks: blocks)
    #expect(cuts.allSatisfy { $0[1] >= 1 })
  }

  @Test(arguments: [
    ("fastv(layer=0)", "layer"), ("fastv(layer=x)", "layer"), ("fastv(budget=least)", "budget"),
    ("pyramiddrop(blocks=8/8/9)", "blocks"), ("pyramiddrop(blocks=0/4)", "blocks"),
    ("pyramiddrop(blocks=3//5)", "blocks"),
    ("sparsevlm(blocks=2/6)", "blocks"), ("sparsevlm(merge=maybe)", "merge"), ("sparsevlm+(heads=0)", "heads"),
  ])
  func `options outside their range are refused by name`(_ spec: String, option: String) throws {
    let error = #expect(throws: PruningError.self) { try DecoderPruningCatalogue.standard.make(parsing: spec) }
    guard case .invalidOption(option, _, _, _) = error else {
      Issue.record("the error names \(option): \(String(describing: error))")
      return
    }
  }

  @Test func `cuts outside the decoder are refused`() throws {
    for (spec, block) in [("fastv(layer=8)", 8), ("pyramiddrop(blocks=2/9)", 9), ("sparsevlm(blocks=2/4/7)", 8)] {
      let error = #expect(throws: PruningError.self) { try Self.cuts(spec, "50%", of: 64, blocks: 8) }
      #expect(
        error == .cutOutsideDecoder(block: block, strategy: String(spec.prefix { $0 != "(" }), depth: 8))
    }
    #expect(throws: PruningError.self) { try Self.cuts("sparsevlm+(heads=33)", "50%", of: 64, blocks: 32) }
    #expect(throws: PruningError.unknownStrategy("fastw", valid: DecoderPruningCatalogue.standard.names)) {
      try DecoderPruningCatalogue.standard.make(parsing: "fastw")
    }
  }
}

@Suite struct `Parts of SparseVLM agree with worked examples` {
  private func matrix(_ rows: [[Float]]) -> Matrix {
    Matrix(rows: rows.count, columns: rows[0].count, values: rows.flatMap { $0 })
  }

  @Test func `words above the mean are raters`() throws {
    let example = try #require(WorkedExamples.all).raters
    let workers = Workers(count: 1)
    let (visual, text) = (matrix(example.visual), matrix(example.text))
    let means = Raters.means(visual: visual, text: text, workers: workers)
    // The example has nine digits.
    for (mean, expected) in zip(means, example.m) { #expect(abs(mean - expected) < 1e-8) }
    #expect(Raters.choose(visual: visual, text: text, workers: workers) == example.raters)
    let one = Matrix(rows: 1, columns: 3, values: [1, 0, 0])
    #expect(Raters.choose(visual: visual, text: one, workers: workers) == [0], "a single word is a rater")
  }

  @Test func `clusters and their means`() throws {
    let example = try #require(WorkedExamples.all).clusters
    let rows = matrix(example.rows)
    for result in example.results {
      let clusters = DensityPeaks.clusters(of: rows, count: result.clusters)
      #expect(clusters.map(\.members) == result.members)
      for (cluster, expected) in zip(clusters, result.merged) {
        let merged = ReducedRows.Row(
          merging: cluster.members, scale: 1 / (Double(cluster.members.count) + 1e-6))
        // The example has six digits.
        expectClose(
          actual: merged.values(of: rows.values, width: rows.columns), expected: expected.map(Float.init),
          tolerance: 2e-6, label: "merged row of \(cluster.centre)")
      }
    }
  }

  @Test func `gravity is the worked one at every distance`() throws {
    let example = try #require(WorkedExamples.all).gravity
    let frequencies = stride(from: 0, to: example.headWidth, by: 2).map {
      pow(example.theta, -Double($0) / Double(example.headWidth))
    }
    var gravity = Gravity(DecoderDescription(depth: 1, heads: 1, frequencies: frequencies))
    for (delta, expected) in zip(example.delta, example.g) {
      #expect(abs(gravity.between(Position(delta + 7), Position(7)) - expected) < 1e-8)
    }
  }
}
