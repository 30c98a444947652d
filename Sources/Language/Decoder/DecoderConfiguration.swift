import Kernels

/// The shape of a LLaMA-type decoder.
public struct DecoderConfiguration: Sendable, Hashable {
  public var vocabulary: Int
  public var width: Int
  public var feedForwardWidth: Int
  /// Number of blocks.
  public var depth: Int
  public var heads: Int
  /// Key–value heads; fewer than `heads` in grouped-query attention.
  public var keyValueHeads: Int
  public var headWidth: Int
  public var activation: Activation
  public var normEpsilon: Float
  public var rotaryTheta: Double
  public var rotaryScaling: RotaryScaling
  /// Whether the language head is the token embedding.
  public var tiesEmbeddings: Bool
  public var attentionBias: Bool
  public var feedForwardBias: Bool
  /// Positions that the model was made for.
  public var contextLength: Int
}
