import Images
import Kernels
import TestSupport
import Testing
import ViT

/// A tiny encoder with its goldens, made by transformers on `tiny-wide.png`.
struct TinyEncoder: CustomTestStringConvertible {
  let name: String
  /// Below fixtures/models: a folder, or a bare file.
  let path: String
  let depth: Int
  let prefix: Int
  let classes: Int

  static let all = [
    TinyEncoder(name: "tiny-vit", path: "tiny-vit", depth: 4, prefix: 1, classes: 7),
    TinyEncoder(name: "tiny-deit", path: "tiny-deit", depth: 3, prefix: 2, classes: 7),
    TinyEncoder(name: "tiny-timm", path: "tiny-timm/model.safetensors", depth: 3, prefix: 1, classes: 9),
  ]

  var testDescription: String { name }

  func classifier() throws -> ImageClassifier { try ImageClassifier(path: Fixtures.model(path).path) }

  func golden() throws -> Golden { try Golden(Fixtures.url("golden/vit/\(name).wide.safetensors").path) }
}

@Suite struct `Tiny encoders alone equal transformers` {
  @Test(arguments: TinyEncoder.all)
  func `in every rung, from embeddings to logits`(_ encoder: TinyEncoder) throws {
    let classifier = try encoder.classifier()
    let golden = try encoder.golden()
    let tower = classifier.tower
    #expect(tower.configuration.depth == encoder.depth && tower.configuration.prefixTokens == encoder.prefix)
    #expect(classifier.classes == encoder.classes)
    var request = EncodingRequest()
    request.hiddenLayers = Set(-1..<encoder.depth)
    for layer in 0..<encoder.depth { request.taps[layer] = [.map(.softmax)] }
    let workers = Workers(count: 2)
    let encoding = tower.encode(try golden.floats("pixel_values"), request: request, workers: workers)
    func hidden(_ layer: Int) throws -> Matrix { try #require(encoding.hidden[layer]) }

    try #require(try golden.expect(hidden(-1).values, "vision.embeddings", tolerance: Tolerances.blocks))
    for layer in 0..<encoder.depth {
      let maps = try #require(encoding.taps[layer]?[.map(.softmax)]?.rows)
      try #require(try golden.expect(maps.values, "vision.attention.0\(layer)", tolerance: Tolerances.attention))
      try #require(try golden.expect(hidden(layer).values, "vision.block.0\(layer)", tolerance: Tolerances.blocks))
    }
    let last = try hidden(encoder.depth - 1)
    try golden.expect(
      classifier.output(last, workers: workers).values, "vision.output", tolerance: Tolerances.blocks)
    try golden.expect(
      classifier.logits(ofLastBlock: last, workers: workers), "logits", tolerance: Tolerances.logits)
  }

  @Test(arguments: TinyEncoder.all, [1, 2])
  func `in their logits and best classes`(_ encoder: TinyEncoder, workers: Int) throws {
    let classifier = try encoder.classifier()
    let golden = try encoder.golden()
    let logits = classifier.logits(try golden.floats("pixel_values"), workers: Workers(count: workers))
    try golden.expect(logits, "logits", tolerance: Tolerances.logits)
    let best = classifier.best(5, of: logits)
    #expect(try best.map(\.index) == golden.integers("top5"))
    #expect(best.map(\.logit) == best.map { logits[$0.index] })
  }

  @Test func `and name their classes where the checkpoint does`() throws {
    let names = ["circle", "square", "star", "ring", "cross", "line", "triangle"]
    for encoder in TinyEncoder.all.prefix(2) { #expect(try encoder.classifier().labels == names) }
    let logits: [Float] = [0, 3, 1, 3, -1, 2, 0]
    let classifier = try TinyEncoder.all[0].classifier()
    #expect(classifier.best(3, of: logits).map(\.label) == ["square", "ring", "line"])
    #expect(classifier.best(0, of: logits).isEmpty && classifier.best(99, of: logits).count == 7)
    let nameless = try TinyEncoder.all[2].classifier().best(1, of: logits)
    #expect(nameless.map(\.index) == [1] && nameless.map(\.label) == [nil])
  }

  /// Folders bring their own processor: pixels come from the picture as well.
  @Test(arguments: ["tiny-vit", "tiny-deit"])
  func `in their pixels`(_ name: String) throws {
    let bytes = try readFile(Fixtures.model(name).appending(path: "preprocessor_config.json").path)
    var defaults = ImageProcessorConfiguration.clip
    defaults.crops = name == "tiny-deit"
    let processor = try ImageProcessor(configuration: .init(json: .init(bytes), defaults: defaults))
    let picture = try ImageDecoder.decode(try readFile(Fixtures.image("tiny-wide.png").path))
    let golden = try Golden(Fixtures.url("golden/vit/\(name).wide.safetensors").path)
    try golden.expect(
      try processor.process(picture).pixels.values, "pixel_values", tolerance: Tolerances.pixels)
  }
}
