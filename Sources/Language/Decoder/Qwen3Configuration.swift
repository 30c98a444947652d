import Checkpoint

extension DecoderConfiguration {
  /// Reads a decoder of the Qwen3 kind: queries and keys are normed, and heads have a width of their own. Absent keys
  /// are those of the class that the type names: Qwen3Config or Qwen3VLTextConfig.
  ///
  /// The VL type reads positions of three numbers, interleaved.
  /// - Parameters:
  ///   - tied: whether the model that holds it ties the embeddings; the section's own `tie_word_embeddings` is not
  ///     read, as in transformers.
  ///   - standardType: the type where the section names none.
  public init(
    qwen3 section: ConfigurationReader, tied: Bool, standardType: String = "qwen3"
  ) throws(CheckpointError) {
    let type = try section.string("model_type", default: standardType)
    guard ["qwen3", "qwen3_vl", "qwen3_vl_text"].contains(type) else {
      throw section.error("model_type", found: "\"\(type)\"", expected: "\"qwen3\" or \"qwen3_vl_text\"")
    }
    try self.init(section, tied: tied, defaults: type == "qwen3" ? .qwen3 : .qwen3VL)
    tiesEmbeddings = tied
    normsQueriesAndKeys = true
    feedForwardBias = false
    try limitContext(section, windowLayers: 28)
  }
}

extension DecoderConfiguration.Defaults {
  fileprivate static let qwen3 = Self(
    vocabulary: 151_936, feedForwardWidth: 22_016, keyValueHeads: 32, headWidth: 128, context: 32_768)

  fileprivate static let qwen3VL = Self(
    vocabulary: 151_936, feedForwardWidth: 22_016, keyValueHeads: 32, headWidth: 128, context: 128_000,
    rotaryTheta: 500_000, rotarySections: .interleaved([24, 20, 20]))
}
