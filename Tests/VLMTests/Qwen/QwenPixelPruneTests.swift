import Kernels
import Pruning
import TestSupport
import Testing
import ViT

@testable import VLM

/// A tower that is given only some of a picture's cells: `fixtures/generate/qwen_pixelprune.py`.
@Suite struct `A Qwen tower on some of the cells` {
  static let files = QwenModel.names.flatMap { LadderFile.files(in: "qwen/\($0)") }
    .filter { $0.name.contains("pixelprune") }

  @Test func `has goldens of every family`() {
    #expect(Self.files.count == 4 && Set(Self.files.map(\.folder)).count == 3)
  }

  @Test(arguments: files)
  func `computes what transformers computes of those`(_ file: LadderFile) throws {
    let golden = try LadderFile.Rungs(file).own
    let model = try TestModel.load(try #require(golden.metadata["model"]))
    let picture = try model.picture(try #require(golden.metadata["pictures"]))
    let kept = try golden.integers("plan.kept")
    let depth = model.towerDescription.depth
    let kinds = (0..<depth).map { EvidenceKind.attentionReceived(layer: $0, queries: .all) }
    let inspection = Inspection()
    let encoded = model.family.tower(for: .image).encode(
      TowerInput(pixels: picture.views[0].pixels.values, patchGrid: picture.patchGrids[0], kept: kept),
      evidence: Set(kinds), inspection: inspection.ofTower, workers: model.workers)

    let found = QwenLadder.rungs(of: inspection)
    for name in ["vision.embeddings"] + (0..<depth).map({ "vision.block.0\($0)" }) {
      try golden.expect(try #require(found[name]).floats, name, tolerance: Tolerances.blocks)
    }
    for (block, kind) in kinds.enumerated() {
      let received = try #require(encoded.evidence[kind]?.vector).map(Float.init)
      try golden.expect(received, "received.0\(block)", tolerance: Tolerances.attentionSums)
    }
    let rows = model.family.connect(encoded.rows, workers: model.workers)
    let width = try golden.shape("projected")[1]
    for level in 0..<(rows.columns / width) {
      let part = (0..<rows.rows).flatMap { rows.row($0).dropFirst(level * width).prefix(width) }
      let name = level == 0 ? "projected" : "projected.deepstack.\(level - 1)"
      try golden.expect(part, name, tolerance: Tolerances.blocks)
    }
  }
}
