import Checkpoint
import Kernels

/// The space in which CLIP compares pictures and texts: its text tower, and the projection of a vision tower's rows.
public struct ClipJointSpace: Sendable {
  public let configuration: ClipTextConfiguration
  private let tokenEmbedding: StoredMatrix
  /// [positions, width].
  private let positionEmbedding: WeightBuffer
  private let blocks: [ClipTextBlock]
  private let textNorm: LayerNorm
  private let textProjection: Linear
  private let visionNorm: LayerNorm
  private let visionProjection: Linear

  /// Reads a whole CLIP checkpoint as transformers saves it; of its vision tower, only what projects its rows.
  public init(_ folder: CheckpointFolder) throws(CheckpointError) {
    let json = try folder.json("config.json")
    let configuration = try ClipTextConfiguration(
      try ConfigurationReader(json, file: folder.file("config.json")))
    let source = try folder.weights()
    let root = WeightScope(source)
    let text = root.scope("text_model")
    let width = configuration.width
    self.configuration = configuration
    tokenEmbedding = try text.scope("embeddings").scope("token_embedding").matrix(
      "weight", rows: configuration.vocabulary, columns: width)
    positionEmbedding = try text.scope("embeddings").tensor(
      "position_embedding.weight", [configuration.positions, width])
    var blocks: [ClipTextBlock] = []
    for layer in 0..<configuration.depth {
      blocks.append(try ClipTextBlock(configuration, from: text.scope("encoder.layers", layer)))
    }
    self.blocks = blocks
    textNorm = try text.layerNorm("final_layer_norm", width: width, epsilon: configuration.normEpsilon)
    textProjection = try root.linear("text_projection", inputs: width, outputs: configuration.jointWidth, bias: false)
    visionNorm = try root.scope("vision_model").layerNorm(
      "post_layernorm", width: configuration.visionWidth, epsilon: configuration.visionNormEpsilon)
    visionProjection = try root.linear(
      "visual_projection", inputs: configuration.visionWidth, outputs: configuration.jointWidth, bias: false)
    try source.finish(ignoring: Self.isIgnorable)
  }

  /// The model has a vision tower of its own; the temperature of CLIP's training and old position numbers are not used.
  private static func isIgnorable(_ name: String) -> Bool {
    name.hasPrefix("vision_model.") || name == "logit_scale" || name.hasSuffix(".position_ids")
  }

  /// One segment in the joint space, at the token that ends it: [joint width].
  /// - Parameter tokens: inside the vocabulary, at most `configuration.positions`.
  public func embed(_ tokens: [Int], workers: Workers) -> [Float] {
    precondition(
      (1...configuration.positions).contains(tokens.count)
        && tokens.allSatisfy { (0..<configuration.vocabulary).contains($0) }, "a segment of the vocabulary")
    let width = configuration.width
    var hidden = Matrix(rows: tokens.count, columns: width)
    hidden.values.withUnsafeMutableBufferPointer { values in
      guard let base = values.baseAddress else { return }
      for (row, token) in tokens.enumerated() {
        tokenEmbedding.widen(token..<token + 1, into: base + row * width)
      }
    }
    positionEmbedding.withUnsafeElements { positions in
      for index in hidden.values.indices { hidden.values[index] += positions[index] }
    }
    for block in blocks { hidden = block(hidden, workers: workers) }
    let end = endPlace(of: tokens)
    return textProjection(textNorm(hidden.rows(end..<end + 1), workers: workers), workers: workers).values
  }

  /// The first end token; where the configuration says 2, as the first checkpoints do, the first largest number.
  private func endPlace(of tokens: [Int]) -> Int {
    let end = configuration.endToken == 2 ? tokens.max() : configuration.endToken
    return tokens.firstIndex { $0 == end } ?? 0
  }

  /// A vision tower's rows in the joint space, not normalised: [rows, vision width] → [rows, joint width].
  public func project(_ rows: Matrix, workers: Workers) -> Matrix {
    visionProjection(visionNorm(rows, workers: workers), workers: workers)
  }
}
