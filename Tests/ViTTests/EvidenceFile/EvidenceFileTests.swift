import Checkpoint
import Foundation
import Kernels
import Pruning
import TestSupport
import Testing

@testable import ViT

@Suite("Files of evidence") struct EvidenceFileTests {
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
    let strategy = try StrategyCatalogue.make(parsing: spec)
    let budget = try Budget(parsing: keep)
    let evidence = try StrategyRunner.evidence(for: strategy, on: file.tower, layout: file.layout, keeping: budget)
    let plan = try StrategyRunner.plan(
      strategy, for: try file.image(providing: evidence), keeping: budget, seed: 0)
    return SelectionReport(
      of: plan, strategy: try strategy.resolved(on: file.tower), tokensPerView: file.tower.grid.count)
  }

  @Test func everyGoldenIsRead() { #expect(Self.goldens.count == 73) }

  @Test("A file decides what the reference decides", arguments: goldens) func golden(_ golden: Golden) throws {
    let report = try Self.report(
      of: Self.strategies + golden.image + ".safetensors", golden.strategy, keep: golden.keep)
    #expect(report.views.map(\.kept) == golden.kept)
    #expect(report.sequence == golden.sequence)
  }

  @Test func onlyWhatIsAskedForIsRead() throws {
    let file = try EvidenceFile(path: Self.strategies + "single.safetensors")
    let image = try file.image(providing: [.classAttention(layer: 6)])
    #expect(Array(image.views[0].classAttention.keys) == [6])
    #expect(image.views[0].classAttention[6]?.rows == 3)
    #expect(image.views[0].classAttention[6]?.columns == 24)
    #expect(image.views[0].receivedFromAll.isEmpty)
    #expect(image.text == nil)
  }

  @Test func keysOfAllHeadsLieSideBySideWithoutTheClassToken() throws {
    let keys = Matrix(rows: 3, columns: 4, values: (0..<12).map { Float($0) })
    let tower = TowerDescription(
      depth: 2, featureLayer: 1, hasClassToken: true, patchGrid: PatchGrid(rows: 1, columns: 2))
    var writer = EvidenceFileWriter(
      tower: tower, layout: .single, imageSize: ImageSize(width: 2, height: 1), digest: 0)
    writer.add(keys: [keys], heads: 2, layer: 1)
    try TemporaryFile.use { path in
      try writer.write(to: path)
      let image = try EvidenceFile(path: path).image(providing: [.keys(layer: 1)])
      #expect(image.views[0].keys[1] == keys.rows(1..<3))
    }
  }

  @Test func aFileThatWasWrittenDecidesWhatTheImageDid() throws {
    for name in ["single", "wide-2x2", "merged", "plain"] {
      let source = try TensorFile(path: Self.strategies + name + ".safetensors")
      let file = try EvidenceFile(path: source.path)
      let layers = source.entries.keys.filter { $0.hasPrefix("attention.") || $0.hasPrefix("logits.") }.sorted()
      var writer = EvidenceFileWriter(
        tower: file.tower, layout: file.layout, imageSize: file.imageSize, digest: 0xFFFF_FFFF_FFFF_FFFF)
      for layer in layers {
        let shape = try #require(source.entries[layer]?.shape)
        let values = try source.floats(layer).values
        let size = values.count / shape[0]
        let maps = (0..<shape[0]).map {
          Matrix(rows: shape[1] * shape[2], columns: shape[3], values: Array(values[$0 * size..<($0 + 1) * size]))
        }
        writer.add(maps: maps, as: try #require(EvidenceTensor(named: layer)))
      }
      try TemporaryFile.use { path in
        try writer.write(to: path)
        let copy = try EvidenceFile(path: path)
        #expect(copy.tower == file.tower)
        #expect(copy.layout == file.layout)
        #expect(copy.imageSize == file.imageSize)
        #expect(copy.digest == 0xFFFF_FFFF_FFFF_FFFF)
        #expect(
          try Self.report(of: path, "hiprune(alpha=0.5)", keep: "50%")
            == Self.report(of: source.path, "hiprune(alpha=0.5)", keep: "50%"))
      }
    }
  }

  @Test func theDigestSeedsRandomAsInTheProgram() throws {
    let tower = TowerDescription(
      depth: 2, featureLayer: 1, hasClassToken: false, patchGrid: PatchGrid(rows: 6, columns: 6),
      fullAttentionLayers: [0, 1])
    let size = ImageSize(width: 60, height: 60)
    func kept(_ digest: UInt64) throws -> SelectionReport {
      try TemporaryFile.use { path in
        try EvidenceFileWriter(tower: tower, layout: .single, imageSize: size, digest: digest).write(to: path)
        #expect(try EvidenceFile(path: path).tower == tower)
        return try Self.report(of: path, "random", keep: "9")
      }
    }
    let image = EncodedImage(
      tower: tower, layout: .single, imageSize: size, digest: 77, views: [ViewEvidence()])
    let plan = try StrategyRunner.plan(
      try StrategyCatalogue.make(parsing: "random"), for: image, keeping: .count(9), seed: 0)
    #expect(try kept(77).sequence == plan.sequenceCodes(tokensPerView: 36))
    #expect(try kept(78) != kept(77))
  }

  @Test func tensorsThatEvidenceIsMadeOfAreNamed() {
    let evidence: Evidence = [
      .classAttention(layer: 22), .attentionReceived(layer: 22, queries: .all), .patchMeans(layer: 3, scale: .logits),
      .keys(layer: 1), .projected, .text,
    ]
    #expect(
      EvidenceFileWriter.tensors(for: evidence) == [.attention(22), .logits(3), .keys(1), .projected, .text])
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
