import Basics
import Checkpoint
import Kernels
import Pruning
import TestSupport
import Testing
import ViT

/// Goldens that hold the pixels too, so that the tower is compared without a processor.
@Suite struct `A Qwen tower equals transformers` {
  struct Case: CustomTestStringConvertible {
    let checkpoint: String
    let name: String
    var testDescription: String { "\(checkpoint), \(name)" }

    static let all = [
      ("qwen2-vl-a", "exact"), ("qwen2-vl-b", "panorama"), ("qwen2-vl-b", "speck"), ("qwen2_5-vl-a", "panorama"),
      ("qwen2_5-vl-b", "square"), ("qwen2_5-vl-b", "speck"), ("qwen2_5-vl-b", "frames5"), ("qwen3-vl-b", "wide"),
      ("qwen3-vl-b", "speck"), ("qwen3-vl-b", "frames5"),
    ].map { Case(checkpoint: "tiny-\($0.0)", name: $0.1) }

    func load() throws -> (tower: QwenTower, merger: QwenMerger) {
      let folder = try CheckpointFolder(path: Fixtures.model(checkpoint).path)
      let section = try ConfigurationReader(folder.json("config.json"), file: "config.json").section("vision_config")
      let configuration =
        checkpoint.contains("qwen2-")
        ? try QwenVisionConfiguration(qwen2: section)
        : checkpoint.contains("qwen2_5")
          ? try QwenVisionConfiguration(qwen25: section) : try QwenVisionConfiguration(qwen3: section)
      let source = try folder.weights()
      let isPublished = source.contains("visual.patch_embed.proj.weight")
      let scope = WeightScope(source, prefix: isPublished ? "visual" : "model.visual")
      return (try QwenTower(configuration, from: scope), try QwenMerger(configuration, from: scope))
    }

    func golden() throws -> Golden { try Golden(Fixtures.url("golden/qwen/\(checkpoint)/\(name).safetensors").path) }
  }

  /// Two frames, [2, 3, height, width], from the processor's patches: merge groups in raster order, and each patch
  /// [channel, frame, row, column].
  private func pixels(_ patches: ArraySlice<Float>, grid: Grid, patchSize: Int) -> [Float] {
    let (height, width) = (grid.rows * patchSize, grid.columns * patchSize)
    var pixels = [Float](repeating: 0, count: 2 * 3 * height * width)
    var place = patches.startIndex
    for cell in 0..<grid.count / 4 {
      for patch in 0..<4 {
        let row = (cell / (grid.columns / 2) * 2 + patch / 2) * patchSize
        let column = (cell % (grid.columns / 2) * 2 + patch % 2) * patchSize
        for channel in 0..<3 {
          for frame in 0..<2 {
            for line in row..<row + patchSize {
              for x in column..<column + patchSize {
                pixels[((frame * 3 + channel) * height + line) * width + x] = patches[place]
                place += 1
              }
            }
          }
        }
      }
    }
    return pixels
  }

  @Test(arguments: Case.all)
  func `in every rung from the embeddings to the merged rows`(_ item: Case) throws {
    let (tower, merger) = try item.load()
    let golden = try item.golden()
    let values = try golden.floats("pixel_values")
    let (depth, patchSize) = (tower.configuration.depth, tower.configuration.patchSize)
    let grids = try #require(golden.metadata["grids"]).split(separator: ",").compactMap { Grid(parsing: String($0)) }
    let received = (0..<depth).map { EvidenceKind.attentionReceived(layer: $0, queries: .all) }
    let workers = Workers(count: 2)
    var shown: [String: [Float]] = [:]
    var merged: [Matrix] = []
    var start = 0
    for cells in grids {
      let grid = Grid(rows: cells.rows * 2, columns: cells.columns * 2)
      let size = grid.count * 6 * patchSize * patchSize
      let sink = ShownTensors()
      let encoded = tower.encode(
        TowerInput(
          pixels: pixels(values[start..<start + size], grid: grid, patchSize: patchSize), patchGrid: grid),
        evidence: Set(received), inspection: TowerInspection(sink: sink), workers: workers)
      start += size
      for (name, tensor) in sink.tensors { shown[name, default: []] += tensor.values }
      for (layer, kind) in received.enumerated() {
        shown["received.0\(layer)", default: []] += try #require(encoded.evidence[kind]?.vector).map(Float.init)
      }
      merged.append(merger(encoded.rows, workers: workers))
    }
    #expect(start == values.count)
    let rungs = ["vision.embeddings"] + (0..<depth).map { "vision.block.0\($0)" }
    for name in rungs where golden.contains(name) {
      try #require(try golden.expect(try #require(shown[name]), name, tolerance: Tolerances.blocks))
    }
    let sums = (0..<depth).map { "received.0\($0)" }
    for name in sums where golden.contains(name) {
      try golden.expect(try #require(shown[name]), name, tolerance: Tolerances.attentionSums)
    }
    let width = tower.configuration.outputWidth
    for level in 0..<tower.configuration.levels {
      let rows = merged.flatMap { rows in
        (0..<rows.rows).flatMap { rows.row($0).dropFirst(level * width).prefix(width) }
      }
      try golden.expect(
        rows, level == 0 ? "projected" : "projected.deepstack.\(level - 1)", tolerance: Tolerances.blocks)
    }
  }
}
