import Basics
import Checkpoint
import Kernels
import Pruning
import TestSupport
import Testing
import ViT

@Suite struct `A Qwen tower equals its formulas in double` {
  struct View: CustomTestStringConvertible {
    let model: QwenModel
    let grid: Grid
    var frames = 1
    var kept: [Int]?
    var testDescription: String {
      "\(model.name), \(grid.rows)×\(grid.columns) patches, \(frames) frames, \(kept.map { "\($0)" } ?? "all") cells"
    }

    /// Windows of 2×2 cells: 8×8 patches fill them, the others leave smaller ones at the edges.
    static let all = QwenModel.all.flatMap { model in
      [
        View(model: model, grid: Grid(rows: 8, columns: 8)), View(model: model, grid: Grid(rows: 6, columns: 10)),
        View(model: model, grid: Grid(rows: 2, columns: 2)), View(model: model, grid: Grid(rows: 2, columns: 14)),
        View(model: model, grid: Grid(rows: 6, columns: 4), frames: 2),
        View(model: model, grid: Grid(rows: 6, columns: 10), kept: [0, 1, 4, 8, 9, 14]),
        View(model: model, grid: Grid(rows: 8, columns: 8), frames: 2, kept: [3, 10]),
      ]
    }

    func naive(_ shape: QwenVisionConfiguration) throws -> NaiveQwenTower {
      NaiveQwenTower(
        shape: shape, weights: try model.weights(), grid: grid, cells: kept ?? Array(0..<grid.count / 4))
    }
  }

  /// Float32's rounding after four blocks of magnitude up to 10: measured 2e-5 against double.
  static let tolerance: Float = 1e-4

  static func kinds(_ depth: Int) -> Set<EvidenceKind> {
    Set(
      (0..<depth).flatMap { layer -> [EvidenceKind] in
        [
          .attentionReceived(layer: layer, queries: .all), .attentionReceived(layer: layer, queries: .patches),
          .patchMeans(layer: layer, scale: .softmax), .keys(layer: layer),
        ]
      } + [.features])
  }

  @Test(arguments: View.all)
  func `in embeddings, blocks, rows and merged rows`(_ view: View) throws {
    let (tower, merger) = try view.model.load()
    let naive = try view.naive(tower.configuration)
    let pixels = try view.model.pixels(view.grid, frames: view.frames)
    let shown = ShownTensors()
    let workers = Workers(count: 2)
    let encoded = tower.encode(
      TowerInput(pixels: pixels, patchGrid: view.grid, kept: view.kept), evidence: [],
      inspection: TowerInspection(sink: shown), workers: workers)
    let expected = naive.run(pixels)
    func expect(_ name: String, _ rows: [[Double]]) throws -> Bool {
      let tensor = try #require(shown.tensors[name])
      #expect(tensor.shape == [rows.count, tower.configuration.width])
      return expectClose(
        actual: tensor.values, expected: rows.flatMap { $0.map(Float.init) }, tolerance: Self.tolerance, label: name,
        shape: tensor.shape)
    }
    try #require(try expect("vision.embeddings", expected.embeddings))
    for (layer, rows) in expected.blocks.enumerated() { try #require(try expect("vision.block.0\(layer)", rows)) }

    let tokens = naive.cells.count
    let levels = [tower.configuration.depth - 1] + tower.configuration.deepStackBlocks
    let rows = (0..<tokens).flatMap { token in
      levels.flatMap { expected.blocks[$0][token * 4..<token * 4 + 4].flatMap { $0 } }
    }
    #expect(encoded.rows.rows == tokens && encoded.classToken == nil && encoded.evidence.isEmpty)
    expectClose(
      actual: encoded.rows.values, expected: rows.map(Float.init), tolerance: Self.tolerance, label: "rows")
    let parts = levels.enumerated().map { naive.merge(expected.blocks[$1], level: $0) }
    let merged = merger(encoded.rows, workers: workers)
    #expect(merged.columns == levels.count * tower.configuration.outputWidth)
    expectClose(
      actual: merged.values,
      expected: (0..<tokens).flatMap { token in parts.flatMap { $0[token].map(Float.init) } },
      tolerance: Self.tolerance, label: "merged rows")
  }

  @Test(arguments: View.all)
  func `in every kind of evidence, a merge group an entry, in raster order`(_ view: View) throws {
    let (tower, _) = try view.model.load()
    let naive = try view.naive(tower.configuration)
    let pixels = try view.model.pixels(view.grid, frames: view.frames)
    let kinds = Self.kinds(tower.configuration.depth)
    let evidence = tower.encode(
      TowerInput(pixels: pixels, patchGrid: view.grid, kept: view.kept), evidence: kinds, inspection: nil,
      workers: Workers(count: 2)
    ).evidence
    #expect(Set(evidence.keys) == kinds)
    let expected = naive.run(pixels)
    let patches = naive.cells.count * 4
    func groups(_ values: [Double]) -> [Float] {
      stride(from: 0, to: values.count, by: 4).map { Float(values[$0..<$0 + 4].reduce(0, +) / 4) }
    }
    func rows(_ rows: [[Double]]) -> [Float] {
      stride(from: 0, to: patches, by: 4).flatMap { start in
        rows[0].indices.map { channel in Float((0..<4).reduce(0.0) { $0 + rows[start + $1][channel] } / 4) }
      }
    }
    func expect(_ actual: [Float]?, _ expected: [Float], _ label: String) throws {
      expectClose(actual: try #require(actual), expected: expected, tolerance: Self.tolerance, label: label)
    }
    for (layer, maps) in expected.maps.enumerated() {
      func sums(_ value: (Int, Int, Int) -> Double) -> [Double] {
        (0..<patches).map { patch in
          (0..<maps.count).reduce(0.0) { sum, head in
            sum + (0..<patches).reduce(0.0) { $0 + value(head, $1, patch) }
          } / Double(maps.count)
        }
      }
      let received = sums { maps[$0][$1][$2] }
      for queries in [AttentionQueries.all, .patches] {
        try expect(
          evidence[.attentionReceived(layer: layer, queries: queries)]?.vector?.map(Float.init), groups(received),
          "received in block \(layer)")
      }
      let means = try #require(evidence[.patchMeans(layer: layer, scale: .softmax)]?.means)
      try expect(means.received.map(Float.init), groups(received.map { $0 / Double(patches) }), "columns \(layer)")
      let given = sums { maps[$0][$2][$1] }.map { $0 / Double(patches) }
      try expect(means.given.map(Float.init), groups(given), "rows \(layer)")
      try expect(evidence[.keys(layer: layer)]?.matrix?.values, rows(expected.keys[layer]), "keys \(layer)")
    }
    try expect(evidence[.features]?.matrix?.values, rows(expected.blocks[expected.blocks.count - 1]), "features")
  }

  @Test(arguments: QwenModel.all)
  func `in the maps and keys that inspection shows`(_ model: QwenModel) throws {
    let (tower, _) = try model.load()
    let grid = Grid(rows: 6, columns: 10)
    let shown = ShownTensors()
    let layers = Set(0..<tower.configuration.depth)
    let pixels = try model.pixels(grid)
    _ = tower.encode(
      TowerInput(pixels: pixels, patchGrid: grid), evidence: [],
      inspection: TowerInspection(sink: shown, attention: layers, keys: layers), workers: Workers(count: 2))
    let expected = try View(model: model, grid: grid).naive(tower.configuration).run(pixels)
    for layer in layers {
      let map = try #require(shown.tensors["vision.attention.0\(layer)"])
      #expect(map.shape == [tower.configuration.heads, 60, 60])
      expectClose(
        actual: map.values, expected: expected.maps[layer].flatMap { $0.flatMap { $0.map(Float.init) } },
        tolerance: Tolerances.attention, label: "map of block \(layer)", shape: map.shape)
      let keys = try #require(shown.tensors["vision.keys.0\(layer)"])
      let headWidth = tower.configuration.headWidth
      #expect(keys.shape == [tower.configuration.heads, 60, headWidth])
      let rows = (0..<tower.configuration.heads).flatMap { head in
        expected.keys[layer].flatMap { $0[head * headWidth..<(head + 1) * headWidth].map(Float.init) }
      }
      expectClose(actual: keys.values, expected: rows, tolerance: Self.tolerance, label: "keys of block \(layer)")
    }
  }

  @Test(arguments: QwenModel.all)
  func `whether or not all cells are named, bit for bit, and whatever the number of threads`(
    _ model: QwenModel
  ) throws {
    let (tower, _) = try model.load()
    let grid = Grid(rows: 6, columns: 10)
    let kinds = Self.kinds(tower.configuration.depth)
    func encode(_ kept: [Int]?, workers: Int) throws -> EncodedView {
      tower.encode(
        TowerInput(pixels: try model.pixels(grid), patchGrid: grid, kept: kept), evidence: kinds, inspection: nil,
        workers: Workers(count: workers))
    }
    let whole = try encode(nil, workers: 2)
    let named = try encode(Array(0..<15), workers: 2)
    let alone = try encode(nil, workers: 1)
    // Compared outside the expectations, which would print all values.
    let areEqual = named.rows == whole.rows && named.evidence == whole.evidence
    #expect(areEqual)
    // OpenBLAS sums in an order that depends on the columns that a thread has: float32's rounding, as above.
    expectClose(
      actual: alone.rows.values, expected: whole.rows.values, tolerance: Self.tolerance, label: "one thread's rows")
  }

  private static func packing(_ format: NumberFormat, _ workers: Workers) -> WeightPacking {
    WeightPacking(
      engine: ProductEngine(), formats: PartFormats(tower: format, decoder: format, head: format), workers: workers)
  }

  /// Two equal frames are a picture; two others are not.
  @Test(arguments: QwenModel.all)
  func `a picture stands for two equal frames`(_ model: QwenModel) throws {
    let (tower, _) = try model.load()
    let grid = Grid(rows: 4, columns: 6)
    func rows(_ pixels: [Float]) -> Matrix {
      tower.encode(
        TowerInput(pixels: pixels, patchGrid: grid), evidence: [], inspection: nil, workers: Workers(count: 1)
      ).rows
    }
    let still = try model.pixels(grid)
    let (picture, equal, other) = (rows(still), rows(still + still), rows(still + still.map { -$0 }))
    let (areEqual, areOther) = (picture == equal, picture != other)
    #expect(areEqual && areOther)
  }

  @Test(arguments: QwenModel.all, [NumberFormat.bf16, .int8])
  func `packed weights keep its rows' directions`(_ model: QwenModel, _ format: NumberFormat) throws {
    let grid = Grid(rows: 6, columns: 10)
    let workers = Workers(count: 2)
    let input = TowerInput(pixels: try model.pixels(grid), patchGrid: grid)
    let plain = try model.load().tower.encode(input, evidence: [], inspection: nil, workers: workers).rows
    let packed = try model.load(packing: Self.packing(format, workers)).tower.encode(
      input, evidence: [], inspection: nil, workers: workers
    ).rows
    for row in 0..<plain.rows {
      func product(_ first: ArraySlice<Float>, _ second: ArraySlice<Float>) -> Double {
        zip(first, second).reduce(0) { $0 + Double($1.0) * Double($1.1) }
      }
      let (first, second) = (plain.row(row), packed.row(row))
      let cosine = product(first, second) / (product(first, first) * product(second, second)).squareRoot()
      // bfloat16 has 8 bits, so four blocks leave about 1 %; int8 rotates blocks of 8 channels at most here.
      #expect(cosine > (format == .bf16 ? 0.9995 : 0.99), "row \(row)")
    }
  }
}
