import Checkpoint
import Language
import ViT

/// A Qwen-VL configuration, validated.
struct QwenConfiguration {
  let tower: QwenVisionConfiguration
  let decoder: DecoderConfiguration
  /// Position numbers in a second of video; nil: one number a view.
  let positionsPerSecond: Double?

  /// The decoder's keys are in `text_config`, or beside `vision_config` where that is absent.
  init<Generation: QwenGeneration>(
    _ reader: ConfigurationReader, of generation: Generation.Type
  ) throws(CheckpointError) {
    let vision = try reader.section("vision_config")
    let text = reader.has("text_config") ? try reader.section("text_config") : reader
    tower = try generation.tower(vision)
    decoder = try generation.decoder(text, tied: try reader.boolean("tie_word_embeddings", default: false))
    positionsPerSecond = try generation.positionsPerSecond(vision)
    guard tower.outputWidth == decoder.width else {
      throw vision.error(
        "out_hidden_size", found: "\(tower.outputWidth)", expected: "the decoder's width \(decoder.width)")
    }
    guard tower.deepStackBlocks.count <= decoder.depth else {
      throw vision.error(
        "deepstack_visual_indexes", found: "\(tower.deepStackBlocks.count) blocks",
        expected: "at most the decoder's \(decoder.depth)")
    }
  }
}

/// The weights of a Qwen-VL folder.
struct QwenWeights {
  let tower: QwenTower
  let merger: QwenMerger
  let decoder: Decoder

  init(_ folder: CheckpointFolder, _ configuration: QwenConfiguration) throws(CheckpointError) {
    let source = try folder.weights()
    // Published names, and those since transformers 4.52.
    let visual = LlavaTensorNames.scope(
      source, firstOf: ["model.visual", "visual"], holding: "patch_embed.proj.weight")
    let text = LlavaTensorNames.scope(
      source, firstOf: ["model.language_model", "model"], holding: "embed_tokens.weight")
    tower = try QwenTower(configuration.tower, from: visual)
    merger = try QwenMerger(configuration.tower, from: visual)
    decoder = try Decoder(configuration.decoder, from: text, headScope: WeightScope(source, prefix: ""))
    // Frequencies that old versions saved, and a copy of tied embeddings.
    try source.finish(ignoring: { name in
      name.hasSuffix(".rotary_emb.inv_freq") || name.hasSuffix(".rotary_pos_emb.inv_freq")
        || (configuration.decoder.tiesEmbeddings && name == "lm_head.weight")
    })
  }
}
