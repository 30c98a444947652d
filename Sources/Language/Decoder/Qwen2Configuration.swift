import Checkpoint

extension DecoderConfiguration {
  /// Reads a decoder of the Qwen2 kind: biases on queries, keys and values. A `text_config`, or the root of a
  /// config.json that has the decoder's keys beside its `vision_config`. Absent keys are those of the class that the
  /// type names: Qwen2Config, Qwen2VLTextConfig or Qwen2_5_VLTextConfig.
  ///
  /// The VL types read positions of three numbers in blocks of channels.
  /// - Parameters:
  ///   - tied: whether the model that holds it ties the embeddings.
  ///   - standardType: the type where the section names none.
  public init(
    qwen2 section: ConfigurationReader, tied: Bool, standardType: String = "qwen2"
  ) throws(CheckpointError) {
    let type = try section.string("model_type", default: standardType)
    let isPlain = type == "qwen2"
    guard isPlain || ["qwen2_vl", "qwen2_vl_text", "qwen2_5_vl", "qwen2_5_vl_text"].contains(type) else {
      throw section.error(
        "model_type", found: "\"\(type)\"", expected: "\"qwen2\", \"qwen2_vl_text\" or \"qwen2_5_vl_text\"")
    }
    try self.init(section, tied: tied, defaults: isPlain ? .qwen2 : .qwen2VL)
    // Their attention has no head width of its own, in contrast to their rotation.
    guard isPlain || headWidth * heads == width else {
      throw section.error("head_dim", found: "\(headWidth)", expected: "hidden_size ÷ num_attention_heads")
    }
    queryKeyValueBias = true
    attentionOutputBias = false
    feedForwardBias = false
    try limitContext(section, windowLayers: isPlain ? 28 : 80)
  }

  /// Attention over a window sees a sequence no longer than it in full, so the window limits the context, as in a
  /// decoder of the Mistral kind.
  /// - Parameter windowLayers: the class default of `max_window_layers`: the first blocks, which see everything.
  mutating func limitContext(_ section: ConfigurationReader, windowLayers: Int) throws(CheckpointError) {
    let usesWindow = try section.boolean("use_sliding_window", default: false)
    let window = try section.optionalInteger("sliding_window", default: 4096, in: 1...16_777_216)
    let first = try section.integer("max_window_layers", default: windowLayers, in: 0...16_777_216)
    var slides = usesWindow && window != nil && first < depth
    if section.has("layer_types") {
      let types = try section.elements("layer_types").map(\.string)
      guard types.count == depth, types.allSatisfy({ $0 == "full_attention" || $0 == "sliding_attention" }) else {
        throw section.error(
          "layer_types", found: "\(types.count) values",
          expected: "full_attention or sliding_attention for each of \(depth) layers")
      }
      slides = types.contains("sliding_attention")
    }
    guard slides else { return }
    guard usesWindow, let window else {
      throw section.error(
        "layer_types", found: "\"sliding_attention\"", expected: "full_attention where no sliding window is used")
    }
    contextLength = min(contextLength, window)
  }
}

extension DecoderConfiguration.Defaults {
  fileprivate static let qwen2 = Self(
    vocabulary: 151_936, feedForwardWidth: 22_016, keyValueHeads: 32, context: 32_768)

  fileprivate static let qwen2VL = Self(
    vocabulary: 152_064, width: 8192, feedForwardWidth: 29_568, depth: 80, heads: 64, keyValueHeads: 8,
    normEpsilon: 1e-5, context: 32_768, rotaryTheta: 1_000_000, rotarySections: .blocks([16, 24, 24]))
}
