import Basics
import Checkpoint
import Foundation
import Kernels
import Pruning
import TestSupport
import Testing

@testable import ViT

@Suite struct `Files of evidence` {
  static let strategies = Fixtures.url("golden/strategies").path + "/"
  static let goldens = (try? readGoldens()) ?? []

  struct Golden: Decodable, Sendable, CustomTestStringConvertible {
    let image: String
    let strategy: String
    let keep: String
    let kept: [[Int]]
    let sequence: [Int]

    var testDescription: String { "\(strategy) keeping \(keep) of \(image)" }
  }

  private static func readGoldens() throws -> [Golden] {
    let data = try Data(contentsOf: URL(fileURLWithPath: strategies + "cases.json"))
    return try JSONDecoder().decode([Golden].self, from: data)
  }

  static func report(of path: String, _ spec: String, keep: String) throws -> SelectionReport {
    let file = try EvidenceFile(path: path)
    let strategy = try StrategyCatalogue.standard.make(parsing: spec)
    let budget = try Budget(parsing: keep)
    let evidence = try StrategyRunner.evidence(for: strategy, of: file.picture, keeping: budget)
    let plan = try StrategyRunner.plan(
      strategy, for: try file.image(providing: evidence), question: try file.question(providing: evidence),
      keeping: budget, seed: 0)
    return SelectionReport(of: plan, strategy: try strategy.resolved(on: file.tower))
  }

  @Test func `every golden is read`() { #expect(Self.goldens.count == 73) }

  @Test(arguments: goldens) func `A file decides what the reference decides`(_ golden: Golden) throws {
    let report = try Self.report(
      of: Self.strategies + golden.image + ".safetensors", golden.strategy, keep: golden.keep)
    #expect(report.views.map(\.kept) == golden.kept)
    #expect(report.sequence == golden.sequence)
  }

  @Test func `only what is asked for is read`() throws {
    let file = try EvidenceFile(path: Self.strategies + "single.safetensors")
    let image = try file.image(providing: [.classAttention(layer: 6)])
    #expect(Array(image.views[0].keys) == [.classAttention(layer: 6)])
    guard case .matrix(let rows)? = image.views[0][.classAttention(layer: 6)] else {
      Issue.record("no class attention")
      return
    }
    #expect(rows.rows == 3 && rows.columns == 24)
  }

  @Test func `keys of all heads lie side by side without the class token`() throws {
    // Two heads of two numbers each; the first of three tokens is the class token.
    let keys: [Float] = (0..<12).map { Float($0) }
    let picture = Self.picture(classToken: true, Grid(rows: 1, columns: 2))
    var writer = EvidenceFileWriter(picture)
    writer.add(.keys(1), shape: [1, 2, 3, 2], keys)
    try TemporaryFile.use { path in
      try writer.write(to: path)
      let image = try EvidenceFile(path: path).image(providing: [.keys(layer: 1)])
      guard case .matrix(let rows)? = image.views[0][.keys(layer: 1)] else {
        Issue.record("no keys")
        return
      }
      #expect(rows == Matrix(rows: 2, columns: 4, values: [2, 3, 8, 9, 4, 5, 10, 11]))
    }
  }

  private static func picture(classToken: Bool, _ grid: Grid, digest: UInt64 = 0) -> PictureDescription {
    let tower = TowerDescription(
      depth: 2, featureLayer: 1, hasClassToken: classToken, fullAttentionLayers: classToken ? nil : [0, 1])
    return PictureDescription(
      tower: tower, layout: .single, patchGrids: [grid], imageSize: PixelSize(width: 60, height: 60), digest: digest,
      unpruned: .inOrder(views: 1), pruned: .inOrder(views: 1))
  }

  @Test func `a file that was written decides what the image did`() throws {
    for name in ["single", "wide-2x2", "merged", "plain"] {
      let source = try TensorFile(path: Self.strategies + name + ".safetensors")
      let file = try EvidenceFile(path: source.path)
      let layers = source.entries.keys.filter { $0.hasPrefix("attention.") || $0.hasPrefix("logits.") }.sorted()
      let original = file.picture
      let digested = PictureDescription(
        tower: original.tower, layout: original.layout, patchGrids: original.patchGrids,
        imageSize: original.imageSize, digest: 0xFFFF_FFFF_FFFF_FFFF, unpruned: original.unpruned,
        pruned: original.pruned)
      var writer = EvidenceFileWriter(digested)
      for layer in layers {
        let shape = try #require(source.entries[layer]?.shape)
        writer.add(try #require(EvidenceTensor(named: layer)), shape: shape, try source.floats(layer).values)
      }
      try TemporaryFile.use { path in
        try writer.write(to: path)
        let copy = try EvidenceFile(path: path)
        #expect(copy.picture == digested)
        #expect(
          try Self.report(of: path, "hiprune(alpha=0.5)", keep: "50%")
            == Self.report(of: source.path, "hiprune(alpha=0.5)", keep: "50%"))
      }
    }
  }

  @Test func `the digest seeds random as in the program`() throws {
    let grid = Grid(rows: 6, columns: 6)
    func kept(_ digest: UInt64) throws -> SelectionReport {
      try TemporaryFile.use { path in
        let picture = Self.picture(classToken: false, grid, digest: digest)
        try EvidenceFileWriter(picture).write(to: path)
        #expect(try EvidenceFile(path: path).picture == picture)
        return try Self.report(of: path, "random", keep: "9")
      }
    }
    let image = EncodedImage(Self.picture(classToken: false, grid, digest: 77), views: [[:]])
    let plan = try StrategyRunner.plan(
      try StrategyCatalogue.standard.make(parsing: "random"), for: image, keeping: .count(9), seed: 0)
    #expect(try kept(77).sequence == plan.sequenceCodes)
    #expect(try kept(78) != kept(77))
  }

  @Test func `tensors that evidence is made of are named`() {
    let evidence: Evidence = [
      .classAttention(layer: 22), .attentionReceived(layer: 22, queries: .all), .patchMeans(layer: 3, scale: .logits),
      .keys(layer: 1), .projected,
    ]
    #expect(
      EvidenceFileWriter.tensors(for: evidence.union(Evidence([], question: [.embeddings])))
        == [.attention(22), .logits(3), .keys(1), .projected, .text])
  }
}

/// A path that is gone afterwards.
enum TemporaryFile {
  static func use<Result>(_ body: (String) throws -> Result) throws -> Result {
    let path = FileManager.default.temporaryDirectory
      .appendingPathComponent("evidence-\(UUID().uuidString).safetensors").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    return try body(path)
  }
}
