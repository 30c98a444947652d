import Checkpoint
import Images
import Kernels
import Pruning
import TestSupport
import Testing
import ViT

/// A truly trained tower. Its weights and the photographs lie in the shared data, and nothing is tested where that is
/// absent.
@Suite(.enabled(if: Fixtures.sharedData != nil, "DeiT-Tiny lies in ../shared/data, which is absent"))
struct `DeiT-Tiny equals transformers` {
  static let workers = Workers(count: 2)

  private func classifier() throws -> ImageClassifier {
    let data = try #require(Fixtures.sharedData)
    return try ImageClassifier(path: data.appending(path: "models/deit_tiny_patch16_224.safetensors").path)
  }

  private func golden(_ name: String) throws -> Golden {
    try Golden(Fixtures.url("golden/vit/deit-tiny.\(name).safetensors").path)
  }

  /// Shortest edge 256 bicubic, centre crop 224, ImageNet's mean and deviation.
  private func processor() throws -> ImageProcessor {
    var configuration = ImageProcessorConfiguration()
    configuration.size = .shortestEdge(256)
    configuration.mean = [0.485, 0.456, 0.406]
    configuration.deviation = [0.229, 0.224, 0.225]
    return try ImageProcessor(configuration: configuration)
  }

  @Test func `its configuration is read from the shapes alone`() throws {
    let classifier = try classifier()
    let configuration = classifier.tower.configuration
    #expect(configuration.imageSize == 224 && configuration.patchSize == 16 && configuration.width == 192)
    #expect(configuration.depth == 12 && configuration.heads == 3 && configuration.feedForwardWidth == 768)
    #expect(configuration.prefixTokens == 1 && classifier.classes == 1000 && classifier.labels.isEmpty)
  }

  @Test func `on equal pixels: blocks, evidence and logits`() throws {
    let classifier = try classifier()
    let golden = try golden("wide")
    let encoding = try expectEvidence(classifier, try golden.floats("pixel_values"), golden, extra: [0])
    try golden.expect(
      try #require(encoding.hidden[0]).values, "vision.block.00", tolerance: Tolerances.blocks)
    try golden.expect(
      try #require(encoding.hidden[11]).values, "vision.block.11", tolerance: Tolerances.trainedBlock)
  }

  /// The resized, cropped 8-bit picture is exactly Pillow's. Where a JPEG library decodes otherwise, sums over rows and
  /// columns say by how much.
  @Test(arguments: ["wide", "landscape_1", "portrait_1"])
  func `from the picture file: pixels, evidence, logits and best class`(_ name: String) throws {
    let golden = try golden(name)
    let picture = try ImageDecoder.decode(try file(of: golden))
    let processor = try processor()
    let raster = try raster(picture, processor)
    let isExact = sha256(raster.interleaved) == golden.metadata["pixel_sha256"]
    #expect(isExact, "a picture is decoded and resized exactly")
    #expect(try isClose(raster, golden), "rows or columns of the picture differ by more than a step a sample")
    let classifier = try classifier()
    let pixels = try processor.process(picture).pixels.values
    try expectEvidence(classifier, pixels, golden, extra: [])
  }

  /// Trained weights show what random ones hide. Shares of equal kept tokens at 25 %, by class row and by column mean,
  /// over the photographs; the bars are PERFORMANCE's.
  @Test(arguments: [(NumberFormat.bf16, 0.98), (.int8, 0.95)])
  func `narrow formats keep the same tokens`(_ format: NumberFormat, share: Double) throws {
    let path = try #require(Fixtures.sharedData).appending(path: "models/deit_tiny_patch16_224.safetensors").path
    let packing = WeightPacking(
      engine: ProductEngine(), formats: PartFormats(tower: format, decoder: format, head: format),
      workers: Self.workers)
    let (exact, narrow) = (try ImageClassifier(path: path), try ImageClassifier(path: path, packing: packing))
    var (equal, all) = (0, 0)
    for name in ["wide", "landscape_1", "portrait_1"] {
      let picture = try ImageDecoder.decode(try file(of: try golden(name)))
      let pixels = try processor().process(picture).pixels.values
      for (a, b) in zip(kept(exact, pixels), kept(narrow, pixels)) {
        equal += a.intersection(b).count
        all += a.count
      }
    }
    #expect(Double(equal) >= share * Double(all), "\(equal) of \(all)")
  }

  /// The quarter of the tokens with the largest class attention, and with the largest column mean.
  private func kept(_ classifier: ImageClassifier, _ pixels: [Float]) -> [Set<Int>] {
    var request = EncodingRequest()
    request.taps[10] = [.classRow(.softmax), .received(.all)]
    let taps = classifier.tower.encode(pixels, request: request, workers: Self.workers).taps[10]
    let rows = taps?[.classRow(.softmax)]?.rows ?? Matrix(rows: 0, columns: 197)
    let classMeans = (1..<197).map { token in (0..<rows.rows).reduce(0.0) { $0 + Double(rows[$1, token]) } }
    let columnMeans = Array((taps?[.received(.all)]?.sums ?? [])[1...])
    return [classMeans, columnMeans].map { scores in
      Set(scores.indices.sorted { scores[$0] > scores[$1] }.prefix(scores.count / 4))
    }
  }

  private func file(of golden: Golden) throws -> [UInt8] {
    let name = try #require(golden.metadata["picture"])
    guard name.hasSuffix(".jpg") else { return try readFile(Fixtures.image(name).path) }
    return try readFile(try #require(Fixtures.sharedData).appending(path: "images/exif/\(name)").path)
  }

  /// Runs the tower once for everything that the goldens hold and compares evidence and logits.
  @discardableResult
  private func expectEvidence(
    _ classifier: ImageClassifier, _ pixels: [Float], _ golden: Golden, extra: Set<Int>
  ) throws -> Encoding {
    var request = EncodingRequest()
    request.hiddenLayers = extra.union([11])
    request.taps = [10: [.classRow(.softmax), .received(.all)], 4: [.received(.all)]]
    let encoding = classifier.tower.encode(pixels, request: request, workers: Self.workers)
    let reducer = EvidenceReducer(prefix: 1, group: 1)
    func evidence(_ tap: AttentionTap, _ layer: Int) -> EvidenceValue? {
      encoding.taps[layer]?[tap].map(reducer.reduce)
    }
    try golden.expect(
      try #require(evidence(.classRow(.softmax), 10)?.matrix).values, "vision.class_attention.10",
      tolerance: Tolerances.attention)
    for layer in [4, 10] {
      // The golden is a mean over queries; the tap is a sum.
      let means = try #require(evidence(.received(.all), layer)?.vector).map { Float($0 / 197) }
      try golden.expect(
        means, "vision.column_means.\(layer < 10 ? "0" : "")\(layer)", tolerance: Tolerances.attention)
    }
    let last = try #require(encoding.hidden[11])
    let logits = classifier.logits(ofLastBlock: last, workers: Self.workers)
    try golden.expect(logits, "logits", tolerance: Tolerances.logits)
    #expect(classifier.best(1, of: logits).map(\.index) == [try golden.integers("top5")[0]])
    return encoding
  }

  /// The processor's 8-bit picture, recovered from its pixel values.
  private struct Raster {
    let side: Int
    /// [side · side · 3].
    let interleaved: [UInt8]
  }

  private func raster(_ picture: RGBImage, _ processor: ImageProcessor) throws -> Raster {
    var configuration = processor.configuration
    configuration.rescales = false
    configuration.normalises = false
    let pixels = try ImageProcessor(configuration: configuration).process(picture).pixels
    let plane = pixels.height * pixels.width
    return Raster(
      side: pixels.width,
      interleaved: (0..<plane * 3).map { UInt8(pixels.values[$0 % 3 * plane + $0 / 3]) })
  }

  /// Whether sums over rows and columns, [side, 3] each, differ from the golden's by less than one step a sample.
  private func isClose(_ raster: Raster, _ golden: Golden) throws -> Bool {
    var rows = [Int](repeating: 0, count: raster.side * 3)
    var columns = rows
    for (index, sample) in raster.interleaved.enumerated() {
      let (place, channel) = (index / 3, index % 3)
      rows[place / raster.side * 3 + channel] += Int(sample)
      columns[place % raster.side * 3 + channel] += Int(sample)
    }
    let expected = (rows: try golden.integers("pixel_row_sums"), columns: try golden.integers("pixel_column_sums"))
    return zip(rows + columns, expected.rows + expected.columns).allSatisfy { abs($0 - $1) < raster.side }
  }
}
