import Checkpoint
import Kernels

extension DecoderConfiguration {
  /// Values of absent keys, as transformers' configuration class has them.
  struct Defaults {
    var vocabulary = 32_000
    var width = 4096
    var feedForwardWidth = 11_008
    var depth = 32
    var heads = 32
    /// Nil: as many as there are heads. An explicit null in the file always means that.
    var keyValueHeads: Int?
    /// Nil: width ÷ heads.
    var headWidth: Int?
    var normEpsilon = 1e-6
    var context = 2048
    var rotaryTheta = 10_000.0
    /// Anything but `none`: the decoder reads positions of three numbers, and these are the sections by default.
    var rotarySections = RotarySections.none
  }

  /// Reads the keys that all decoders of the LLaMA kind share. Biases are LLaMA's, and queries and keys are not normed.
  init(_ section: ConfigurationReader, tied: Bool, defaults: Defaults) throws(CheckpointError) {
    let width = try section.integer("hidden_size", default: defaults.width, in: 1...65_536)
    let heads = try section.integer("num_attention_heads", default: defaults.heads, in: 1...1024)
    let shared = section.isNull("num_key_value_heads") ? heads : defaults.keyValueHeads ?? heads
    let keyValueHeads = try section.integer("num_key_value_heads", default: shared, in: 1...1024)
    guard heads % keyValueHeads == 0 else {
      throw section.error(
        "num_key_value_heads", found: "\(keyValueHeads)", expected: "a divisor of num_attention_heads \(heads)")
    }
    let headWidth = try section.integer("head_dim", default: defaults.headWidth ?? width / heads, in: 1...65_536)
    guard headWidth > 0, headWidth % 2 == 0 else {
      throw section.error("head_dim", found: "\(headWidth)", expected: "a positive even number")
    }
    let context = try section.integer("max_position_embeddings", default: defaults.context, in: 1...16_777_216)
    let rotary = try section.rotary(context: context, headWidth: headWidth, defaults: defaults)
    let bias = try section.boolean("attention_bias", default: false)
    self.init(
      vocabulary: try section.integer("vocab_size", default: defaults.vocabulary, in: 1...16_777_216), width: width,
      feedForwardWidth: try section.integer("intermediate_size", default: defaults.feedForwardWidth, in: 1...1_048_576),
      depth: try section.integer("num_hidden_layers", default: defaults.depth, in: 1...1024), heads: heads,
      keyValueHeads: keyValueHeads, headWidth: headWidth,
      activation: try section.activation("hidden_act", default: .silu),
      normEpsilon: Float(try section.singleNumber("rms_norm_eps", default: defaults.normEpsilon)),
      rotaryTheta: rotary.theta,
      rotaryScaling: rotary.scaling, rotarySections: rotary.sections,
      tiesEmbeddings: try section.boolean("tie_word_embeddings", default: false) || tied, queryKeyValueBias: bias,
      attentionOutputBias: bias, normsQueriesAndKeys: false,
      feedForwardBias: try section.boolean("mlp_bias", default: false), contextLength: context)
  }
}
