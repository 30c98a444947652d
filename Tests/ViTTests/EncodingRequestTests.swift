import Kernels
import Pruning
import TestSupport
import Testing
import ViT

@Suite struct `An encoder runs what is asked for and no more` {
  static let workers = Workers(count: 2)

  /// Everything of every block.
  static func everything(depth: Int) -> EncodingRequest {
    var request = EncodingRequest()
    request.hiddenLayers = Set(-1..<depth)
    request.keyLayers = Set(0..<depth)
    for layer in 0..<depth {
      request.taps[layer] = [.map(.softmax), .classRow(.softmax), .received(.all), .patchSums(.softmax)]
    }
    return request
  }

  @Test(arguments: TinyEncoder.all)
  func `stopping at any block gives the bits of the full run`(_ encoder: TinyEncoder) throws {
    let tower = try encoder.classifier().tower
    let pixels = try encoder.golden().floats("pixel_values")
    let full = tower.encode(pixels, request: Self.everything(depth: encoder.depth), workers: Self.workers)
    for layer in -1..<encoder.depth {
      var request = EncodingRequest()
      request.hiddenLayers = [layer]
      let encoding = tower.encode(pixels, request: request, workers: Self.workers)
      #expect(encoding.hidden == [layer: try #require(full.hidden[layer])], "block \(layer)")
      #expect(encoding.taps.isEmpty && encoding.keys.isEmpty)
    }
  }

  @Test(arguments: TinyEncoder.all)
  func `a map after the feature layer is the full run's`(_ encoder: TinyEncoder) throws {
    let tower = try encoder.classifier().tower
    let pixels = try encoder.golden().floats("pixel_values")
    let full = tower.encode(pixels, request: Self.everything(depth: encoder.depth), workers: Self.workers)
    for feature in -1..<encoder.depth {
      for layer in 0..<encoder.depth {
        var request = EncodingRequest()
        request.hiddenLayers = [feature]
        let taps: Set<AttentionTap> = [.classRow(.softmax), .received(.all)]
        request.taps[layer] = taps
        let encoding = tower.encode(pixels, request: request, workers: Self.workers)
        #expect(encoding.hidden == [feature: try #require(full.hidden[feature])])
        #expect(Set(encoding.taps.keys) == [layer])
        let expected = try #require(full.taps[layer]).filter { taps.contains($0.key) }
        #expect(encoding.taps[layer] == expected)
      }
    }
  }

  @Test(arguments: TinyEncoder.all)
  func `keys are the full run's, with or without a map`(_ encoder: TinyEncoder) throws {
    let tower = try encoder.classifier().tower
    let pixels = try encoder.golden().floats("pixel_values")
    let full = tower.encode(pixels, request: Self.everything(depth: encoder.depth), workers: Self.workers)
    for layer in 0..<encoder.depth {
      var request = EncodingRequest()
      request.keyLayers = [layer]
      let encoding = tower.encode(pixels, request: request, workers: Self.workers)
      #expect(encoding.keys == [layer: try #require(full.keys[layer])])
      #expect(encoding.hidden.isEmpty)
    }
  }

  @Test func `nothing asked for gives nothing`() throws {
    let encoder = TinyEncoder.all[0]
    let encoding = try encoder.classifier().tower.encode(
      try encoder.golden().floats("pixel_values"), request: EncodingRequest(), workers: Self.workers)
    #expect(encoding.hidden.isEmpty && encoding.taps.isEmpty && encoding.keys.isEmpty)
  }

  @Test(arguments: TinyEncoder.all)
  func `evidence leaves the prefix tokens out and is what the maps say`(_ encoder: TinyEncoder) throws {
    let tower = try encoder.classifier().tower
    let golden = try encoder.golden()
    let tokens = tower.configuration.tokens
    let heads = tower.configuration.heads
    let prefix = encoder.prefix
    let layer = encoder.depth - 1
    let map = try golden.floats("vision.attention.0\(layer)").map(Double.init)
    func cell(_ head: Int, _ query: Int, _ key: Int) -> Double { map[(head * tokens + query) * tokens + key] }
    func mean(_ queries: Range<Int>, _ value: (Int, Int) -> Double) -> Double {
      (0..<heads).reduce(0.0) { sum, head in sum + queries.reduce(0.0) { $0 + value(head, $1) } } / Double(heads)
    }

    let kinds: Set<EvidenceKind> = [
      .classAttention(layer: layer), .attentionReceived(layer: layer, queries: .all),
      .attentionReceived(layer: layer, queries: .patches), .patchMeans(layer: layer, scale: .softmax),
      .keys(layer: layer), .features,
    ]
    let pixels = try golden.floats("pixel_values")
    let encoded = TransformerTower(tower, layers: [layer]).encode(
      TowerInput(pixels: pixels, patchGrid: tower.configuration.grid), evidence: kinds, inspection: nil,
      workers: Self.workers)
    let evidence = encoded.evidence
    #expect(Set(evidence.keys) == kinds)
    var request = EncodingRequest()
    request.keyLayers = [layer]
    request.hiddenLayers = [layer]
    let encoding = tower.encode(pixels, request: request, workers: Self.workers)
    func expect(_ actual: [Float]?, _ expected: [Double], _ label: String) throws {
      expectClose(
        actual: try #require(actual), expected: expected.map(Float.init),
        tolerance: Tolerances.attention * Float(tokens), label: label)
    }
    let patches = prefix..<tokens
    try expect(
      evidence[.classAttention(layer: layer)]?.matrix?.values,
      (0..<heads).flatMap { head in patches.map { cell(head, 0, $0) } },
      "class attention")
    try expect(
      evidence[.attentionReceived(layer: layer, queries: .all)]?.vector?.map(Float.init),
      patches.map { key in mean(0..<tokens) { cell($0, $1, key) } }, "received from all")
    try expect(
      evidence[.attentionReceived(layer: layer, queries: .patches)]?.vector?.map(Float.init),
      patches.map { key in mean(patches) { cell($0, $1, key) } }, "received from patches")
    let means = try #require(evidence[.patchMeans(layer: layer, scale: .softmax)]?.means)
    let count = Double(patches.count)
    try expect(
      means.received.map(Float.init), patches.map { key in mean(patches) { cell($0, $1, key) } / count }, "columns")
    try expect(
      means.given.map(Float.init), patches.map { query in mean(patches) { cell($0, query, $1) } / count }, "rows")
    #expect(evidence[.keys(layer: layer)]?.matrix == encoding.keys[layer]?.rows(patches))
    #expect(evidence[.features]?.matrix == encoding.hidden[layer]?.rows(patches))
    #expect(encoded.rows == encoding.hidden[layer]?.rows(patches))
    #expect(encoded.classToken.map { $0[...] } == encoding.hidden[layer]?.row(0))
  }
}
