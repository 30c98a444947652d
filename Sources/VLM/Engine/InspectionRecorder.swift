import Images
import Kernels
import Pruning
import ViT

/// Collects every named intermediate of one answer, for research and for parity: the names are `inspect`'s contract.
public final class InspectionRecorder {
  /// One tensor; integers where `integers` is set.
  public struct Tensor: Sendable {
    public let name: String
    public let shape: [Int]
    public let floats: [Float]
    public let integers: [Int]?
  }

  /// In the order of the computation.
  public private(set) var tensors: [Tensor] = []
  /// The encoded pictures.
  public private(set) var encoded: [EncodedPicture] = []
  let evidence: Evidence
  private let mapLayers: [Int]
  private let logitLayers: Set<Int>
  private let keyLayers: Set<Int>
  private var views: [(encoding: Encoding, pixels: PixelTensor)] = []
  private var decoderBlocks: [Matrix] = []

  /// - Parameters:
  ///   - mapLayers: blocks whose attention maps are kept whole.
  ///   - logitLayers: blocks whose maps are kept before softmax as well, for evidence files.
  ///   - keyLayers: blocks whose keys are kept.
  ///   - evidence: gathered even where the budget needs no strategy.
  public init(
    mapLayers: [Int], logitLayers: [Int] = [], keyLayers: [Int] = [], evidence: Evidence = .none
  ) {
    self.evidence = evidence
    self.mapLayers = mapLayers
    self.logitLayers = Set(logitLayers)
    self.keyLayers = Set(keyLayers)
  }

  /// Whole maps of a view's block after softmax, [heads, S, S].
  public func attention(view: Int, layer: Int) -> Matrix? { views[view].encoding.taps[layer]?.maps }

  /// Whole maps of a view's block before softmax, [heads, S, S].
  public func logits(view: Int, layer: Int) -> Matrix? { views[view].encoding.taps[layer]?.logitMaps }

  /// Keys of a view's block, [S, heads · headWidth].
  public func keys(view: Int, layer: Int) -> Matrix? { views[view].encoding.keys[layer] }

  public var viewCount: Int { views.count }

  func extend(_ request: inout EncodingRequest, depth: Int) {
    request.hiddenLayers.formUnion(-1..<depth)
    for layer in mapLayers { request.taps[layer, default: .nothing].maps = true }
    for layer in logitLayers { request.taps[layer, default: .nothing].logitMaps = true }
    request.keyLayers.formUnion(keyLayers)
  }

  func record(_ encoding: Encoding, pixels: PixelTensor) { views.append((encoding, pixels)) }

  func record(_ picture: EncodedPicture) { encoded.append(picture) }

  var decoderTrace: (Int, Matrix) -> Void {
    { [self] _, output in decoderBlocks.append(output) }
  }

  func record(prompt: PromptSequence, unpruned: [Int], visual: [VisualRows], tokensPerView: Int) {
    recordVision()
    let width = prompt.embeddings.columns
    add("projected", [visual.reduce(0) { $0 + $1.rows.rows }, width], visual.flatMap(\.rows.values))
    let kept = visual.flatMap { $0.plan.sequenceCodes(tokensPerView: tokensPerView) }
    add("plan.kept", integers: kept)
    add("prompt.input_ids", integers: unpruned)
    add("decoder.embeddings", [prompt.embeddings.rows, width], prompt.embeddings.values)
  }

  func record(logits: [Float]) {
    for (layer, block) in decoderBlocks.enumerated() {
      add("decoder.block.\(twoDigits(layer))", [block.rows, block.columns], block.values)
    }
    add("logits", [logits.count], logits)
  }

  func record(generated: [Int]) { add("generated_ids", integers: generated) }

  private func recordVision() {
    guard let first = views.first else { return }
    let count = views.count
    add(
      "pixel_values", [count, first.pixels.channels, first.pixels.height, first.pixels.width],
      views.flatMap(\.pixels.values))
    for layer in first.encoding.hidden.keys.sorted() {
      let outputs = views.compactMap { $0.encoding.hidden[layer] }
      let name = layer < 0 ? "vision.embeddings" : "vision.block.\(twoDigits(layer))"
      add(name, [count, outputs[0].rows, outputs[0].columns], outputs.flatMap(\.values))
    }
    for layer in mapLayers.sorted() {
      let maps = views.compactMap { $0.encoding.taps[layer]?.maps }
      let tokens = maps[0].columns
      add(
        "vision.attention.\(twoDigits(layer))", [count, maps[0].rows / tokens, tokens, tokens], maps.flatMap(\.values))
    }
    let features = encoded.flatMap(\.projectorInputs)
    add("vision.features", [features.count, features[0].rows, features[0].columns], features.flatMap(\.values))
  }

  private func add(_ name: String, _ shape: [Int], _ values: [Float]) {
    tensors.append(Tensor(name: name, shape: shape, floats: values, integers: nil))
  }

  private func add(_ name: String, integers: [Int]) {
    tensors.append(Tensor(name: name, shape: [integers.count], floats: [], integers: integers))
  }

  private func twoDigits(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
}
