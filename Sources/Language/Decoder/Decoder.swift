import Basics
import Checkpoint
import Kernels

/// A language decoder of the LLaMA kind: RMSNorm, rotary positions, grouped-query attention, gated feed-forward.
public struct Decoder: Sendable {
  public let configuration: DecoderConfiguration
  /// [vocabulary, width].
  private let embedding: StoredMatrix
  let blocks: [DecoderBlock]
  let outputNorm: RMSNorm
  let head: Linear
  public let rotary: Rotary

  /// Reads the decoder's weights.
  /// - Parameters:
  ///   - scope: where `embed_tokens`, `layers` and `norm` are.
  ///   - headScope: where `lm_head` is. If embeddings are tied, the file may still hold a separate head: that one
  ///     counts, as in transformers 5, unless it is a copy of the embeddings.
  public init(
    _ configuration: DecoderConfiguration, from scope: WeightScope, headScope: WeightScope
  ) throws(CheckpointError) {
    let width = configuration.width
    self.configuration = configuration
    embedding = try scope.scope("embed_tokens").matrix("weight", rows: configuration.vocabulary, columns: width)
    var blocks: [DecoderBlock] = []
    for layer in 0..<configuration.depth {
      blocks.append(try DecoderBlock(configuration, from: scope.scope("layers", layer)))
    }
    self.blocks = blocks
    outputNorm = try scope.rmsNorm("norm", width: width, epsilon: configuration.normEpsilon)
    head =
      try Self.ties(embedding, configuration, headScope)
      ? try scope.of(.head).linear("embed_tokens", inputs: width, outputs: configuration.vocabulary, bias: false)
      : try headScope.of(.head).linear("lm_head", inputs: width, outputs: configuration.vocabulary, bias: false)
    rotary = Rotary(
      headWidth: configuration.headWidth, theta: configuration.rotaryTheta, scaling: configuration.rotaryScaling,
      sections: configuration.rotarySections)
  }

  private static func ties(
    _ embedding: StoredMatrix, _ configuration: DecoderConfiguration, _ headScope: WeightScope
  ) throws(CheckpointError) -> Bool {
    guard configuration.tiesEmbeddings, headScope.contains("lm_head.weight") else {
      return configuration.tiesEmbeddings
    }
    let own = try headScope.scope("lm_head").matrix(
      "weight", rows: configuration.vocabulary, columns: configuration.width)
    return own.isEqual(to: embedding)
  }

  /// Room for `capacity` positions in every block.
  public func makeCache(capacity: Int) -> KeyValueCache {
    KeyValueCache(
      layers: configuration.depth, heads: configuration.keyValueHeads, headWidth: configuration.headWidth,
      capacity: capacity)
  }

  /// Embeddings of `tokens`, each of which is inside the vocabulary: [tokens, width].
  public func embed(_ tokens: [Int]) -> Matrix {
    let width = configuration.width
    var embeddings = Matrix(rows: tokens.count, columns: width)
    embeddings.values.withUnsafeMutableBufferPointer { values in
      guard let base = values.baseAddress else { return }
      for (row, token) in tokens.enumerated() {
        precondition((0..<configuration.vocabulary).contains(token), "a token is inside the vocabulary")
        embedding.widen(token..<token + 1, into: base + row * width)
      }
    }
    return embeddings
  }
}
