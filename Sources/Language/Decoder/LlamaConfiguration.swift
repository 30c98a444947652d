import Checkpoint
import Kernels

extension DecoderConfiguration {
  /// Values of absent keys: the class defaults that differ between LLaMA-type decoders.
  struct Defaults {
    var feedForwardWidth = 11_008
    /// Nil: as many as there are heads.
    var keyValueHeads: Int?
    var context = 2048
  }

  /// Reads a `text_config` of type `llama`; absent keys are LlamaConfig's.
  /// - Parameter tied: whether the model that holds it ties the embeddings.
  public init(llama section: ConfigurationReader, tied: Bool) throws(CheckpointError) {
    let type = try section.string("model_type", default: "llama")
    guard type == "llama" else { throw section.error("model_type", found: "\"\(type)\"", expected: "\"llama\"") }
    try self.init(section, tied: tied, defaults: Defaults())
  }

  /// Reads the keys that all LLaMA-type decoders share.
  init(_ section: ConfigurationReader, tied: Bool, defaults: Defaults) throws(CheckpointError) {
    let width = try section.integer("hidden_size", default: 4096, in: 1...65_536)
    let heads = try section.integer("num_attention_heads", default: 32, in: 1...1024)
    let keyValueHeads = try section.integer(
      "num_key_value_heads", default: defaults.keyValueHeads ?? heads, in: 1...1024)
    guard heads % keyValueHeads == 0 else {
      throw section.error(
        "num_key_value_heads", found: "\(keyValueHeads)", expected: "a divisor of num_attention_heads \(heads)")
    }
    let headWidth = try section.integer("head_dim", default: width / heads, in: 1...65_536)
    guard headWidth > 0, headWidth % 2 == 0 else {
      throw section.error("head_dim", found: "\(headWidth)", expected: "a positive even number")
    }
    let context = try section.integer("max_position_embeddings", default: defaults.context, in: 1...16_777_216)
    let rotary = try section.rotary(context: context)
    self.init(
      vocabulary: try section.integer("vocab_size", default: 32_000, in: 1...16_777_216), width: width,
      feedForwardWidth: try section.integer("intermediate_size", default: defaults.feedForwardWidth, in: 1...1_048_576),
      depth: try section.integer("num_hidden_layers", default: 32, in: 1...1024), heads: heads,
      keyValueHeads: keyValueHeads, headWidth: headWidth,
      activation: try section.activation("hidden_act", default: .silu),
      normEpsilon: Float(try section.number("rms_norm_eps", default: 1e-6)), rotaryTheta: rotary.theta,
      rotaryScaling: rotary.scaling,
      tiesEmbeddings: try section.boolean("tie_word_embeddings", default: false) || tied,
      attentionBias: try section.boolean("attention_bias", default: false),
      feedForwardBias: try section.boolean("mlp_bias", default: false), contextLength: context)
  }
}

extension ConfigurationReader {
  /// Both spellings: `rope_theta` beside `rope_scaling`, and `rope_parameters` with everything inside; the former wins.
  fileprivate func rotary(context: Int) throws(CheckpointError) -> (theta: Double, scaling: RotaryScaling) {
    let parameters = try section(has("rope_scaling") ? "rope_scaling" : "rope_parameters")
    let outer = try number("rope_theta", default: 10_000)
    let theta = try parameters.number("rope_theta", default: outer)
    let kind = try parameters.string("rope_type", default: try parameters.string("type", default: "default"))
    switch kind {
    case "default": return (theta, .none)
    case "linear": return (theta, .linear(factor: try parameters.number("factor", default: 1)))
    case "llama3":
      return (
        theta,
        .llama3(
          factor: try parameters.number("factor", default: 8),
          lowFrequencyFactor: try parameters.number("low_freq_factor", default: 1),
          highFrequencyFactor: try parameters.number("high_freq_factor", default: 4),
          originalContext: try parameters.number("original_max_position_embeddings", default: Double(context)))
      )
    default:
      throw parameters.error("rope_type", found: "\"\(kind)\"", expected: "default, linear or llama3")
    }
  }
}
