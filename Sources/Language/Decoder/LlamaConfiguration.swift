import Checkpoint

extension DecoderConfiguration {
  /// Reads a `text_config` of type `llama`; absent keys are LlamaConfig's.
  /// - Parameter tied: whether the model that holds it ties the embeddings.
  public init(llama section: ConfigurationReader, tied: Bool) throws(CheckpointError) {
    let type = try section.string("model_type", default: "llama")
    guard type == "llama" else { throw section.error("model_type", found: "\"\(type)\"", expected: "\"llama\"") }
    try self.init(section, tied: tied, defaults: Defaults())
  }
}
