import Checkpoint

extension DecoderConfiguration {
  /// Reads a `text_config` of type `mistral`; absent keys are MistralConfig's.
  ///
  /// Its blocks are LLaMA's. Attention reaches back only `sliding_window` positions (absent: 4096, null: no limit). A
  /// sequence no longer than the window is seen in full, so here the window limits the context: a longer prompt is
  /// refused, so that no prompt is read differently from how the model was made.
  public init(mistral section: ConfigurationReader, tied: Bool) throws(CheckpointError) {
    try self.init(
      section, tied: tied, defaults: Defaults(feedForwardWidth: 14_336, keyValueHeads: 8, context: 131_072))
    if let window = try section.optionalInteger("sliding_window", default: 4096, in: 1...16_777_216) {
      contextLength = min(contextLength, window)
    }
  }
}
