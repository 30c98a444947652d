import Checkpoint

extension DecoderConfiguration {
  /// Reads a `text_config` of type `mistral`; absent keys are MistralConfig's.
  ///
  /// Its blocks are LLaMA's. Attention reaches back `sliding_window` positions only (absent: 4096, null: without
  /// limit). A sequence that is no longer than the window is seen whole, so the window bounds the context here: a
  /// longer prompt is refused, and none is read in another way than the model was made for.
  public init(mistral section: ConfigurationReader, tied: Bool) throws(CheckpointError) {
    try self.init(
      section, tied: tied, defaults: Defaults(feedForwardWidth: 14_336, keyValueHeads: 8, context: 131_072))
    if let window = try section.optionalInteger("sliding_window", default: 4096, in: 1...16_777_216) {
      contextLength = min(contextLength, window)
    }
  }
}
