import Basics
import Checkpoint
import Kernels

/// The shape of CLIP's text tower, and of the joint space that it shares with a vision tower.
public struct ClipTextConfiguration: Sendable, Hashable {
  public let vocabulary: Int
  /// Positions of a segment of text.
  public let positions: Int
  public let width: Int
  public let depth: Int
  public let heads: Int
  public let feedForwardWidth: Int
  public let activation: Activation
  public let normEpsilon: Float
  /// The token that ends a text. The first checkpoints say 2, which is wrong: there it is the largest number of a text.
  public let endToken: Int
  /// Dimensions of the joint space.
  public let jointWidth: Int
  /// Width of the vision tower that the projection belongs to.
  public let visionWidth: Int
  public let visionNormEpsilon: Float

  /// Reads the config.json of a whole CLIP model (`model_type` clip); absent keys are CLIPConfig's.
  public init(_ reader: ConfigurationReader) throws(CheckpointError) {
    let type = try reader.string("model_type", default: "clip")
    guard type == "clip" else { throw reader.error("model_type", found: "\"\(type)\"", expected: "\"clip\"") }
    let text = try reader.section("text_config")
    vocabulary = try text.integer("vocab_size", default: 49_408, in: 1...16_777_216)
    positions = try text.integer("max_position_embeddings", default: 77, in: 2...65_536)
    width = try text.integer("hidden_size", default: 512, in: 1...65_536)
    depth = try text.integer("num_hidden_layers", default: 12, in: 1...1024)
    heads = try text.integer("num_attention_heads", default: 8, in: 1...1024)
    guard width % heads == 0 else {
      throw text.error("num_attention_heads", found: "\(heads)", expected: "a divisor of hidden_size \(width)")
    }
    feedForwardWidth = try text.integer("intermediate_size", default: 2048, in: 1...1_048_576)
    activation = try text.activation("hidden_act", default: .quickGelu)
    normEpsilon = Float(try text.singleNumber("layer_norm_eps", default: 1e-5))
    endToken = try text.integer("eos_token_id", default: 49_407, in: 0...16_777_216)
    jointWidth = try reader.integer("projection_dim", default: 512, in: 1...65_536)
    let vision = try reader.section("vision_config")
    visionWidth = try vision.integer("hidden_size", default: 768, in: 1...65_536)
    visionNormEpsilon = Float(try vision.singleNumber("layer_norm_eps", default: 1e-5))
  }
}
