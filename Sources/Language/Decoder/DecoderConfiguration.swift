import Kernels

/// The shape of a decoder of the LLaMA kind.
public struct DecoderConfiguration: Sendable, Hashable {
  public var vocabulary: Int
  public var width: Int
  public var feedForwardWidth: Int
  /// Number of blocks.
  public var depth: Int
  public var heads: Int
  /// Key–value heads; fewer than `heads` in grouped-query attention.
  public var keyValueHeads: Int
  /// Not always `width / heads`.
  public var headWidth: Int
  public var activation: Activation
  public var normEpsilon: Float
  public var rotaryTheta: Double
  public var rotaryScaling: RotaryScaling
  /// Which channels turn by which of a position's three numbers.
  public var rotarySections: RotarySections
  /// Whether the language head is the token embedding.
  public var tiesEmbeddings: Bool
  /// Whether the projections to queries, keys and values have biases.
  public var queryKeyValueBias: Bool
  /// Whether attention's output projection has a bias.
  public var attentionOutputBias: Bool
  /// Whether each head's queries and keys are normed (RMSNorm over the head) before they are rotated.
  public var normsQueriesAndKeys: Bool
  public var feedForwardBias: Bool
  /// Positions that the model was made for.
  public var contextLength: Int
}
