import Checkpoint
import Images
import Kernels
import Pruning
import ViT

/// Video-LLaVA: one CLIP-type tower for images and one for the frames of a video, a projector that both share, and a Vicuna
/// decoder. Of a video the class token of each frame is sent as well, as long as nothing is pruned.
public enum VideoLlavaFamily: ModelFamily {
  public static let modelType = "video_llava"
  public static let summary = "Video-LLaVA: images, and videos as 8 frames of 256 visual tokens, Vicuna decoder"
  public static let hasClassToken = true

  public static func load(
    _ folder: CheckpointFolder, configuration: JSONValue, name: String, workers: Workers
  ) throws(VLMError) -> VisionLanguageModel {
    let reader = try ConfigurationReader(configuration, file: folder.file("config.json"))
    let vision = try VisionConfiguration(clip: try reader.section("vision_config"), standardSize: 224)
    let text = try reader.section("text_config")
    let decoder = try DecoderConfiguration(
      llama: text, tied: try reader.boolean("tie_word_embeddings", default: false))
    let features = try LlavaFamily.featureSelection(reader, depth: vision.depth)
    let processor = try LlavaFamily.processor(folder, vision: vision)
    let tokenizer = try LlavaFamily.tokenizer(folder)
    let file = folder.file("tokenizer.json")
    let imageToken = try LlavaFamily.imageToken(reader, tokenizer, file: file)
    let videoToken = try LlavaFamily.imageToken(reader, tokenizer, kind: .video, default: 32_001, file: file)
    let weights = try weights(folder, reader, vision: vision, decoder: decoder, features: features)
    return VisionLanguageModel(
      name: name, family: modelType, processor: processor, tower: weights.imageTower,
      description: TowerDescription(
        depth: vision.depth, featureLayer: max(features.layers.last ?? 0, 0), hasClassToken: true,
        patchGrid: vision.grid),
      features: features, projector: weights.projector, decoder: weights.decoder, tokenizer: tokenizer,
      template: VicunaPrompt(), imageToken: imageToken.number, imageTokenText: imageToken.text,
      endTokens: try LlavaFamily.endTokens(folder, reader, text), workers: workers,
      video: VideoInput(
        tower: weights.videoTower, token: videoToken.number, tokenText: videoToken.text,
        frames: VideoSampling.standardCount))
  }

  private static func weights(
    _ folder: CheckpointFolder, _ reader: ConfigurationReader, vision: VisionConfiguration,
    decoder: DecoderConfiguration, features: FeatureSelection
  ) throws(VLMError) -> (
    imageTower: VisionTransformer, videoTower: VisionTransformer, projector: Projector, decoder: LlamaDecoder
  ) {
    let activation = try reader.activation("projector_hidden_act", default: .gelu)
    let bias = try reader.boolean("multimodal_projector_bias", default: true)
    return try wrapping { () throws(CheckpointError) in
      let source = try folder.weights()
      let names = LlavaTensorNames(source)
      let towers = ["image_tower", "video_tower"].map { LlavaTensorNames.tower(source, named: $0) }
      let imageTower = try VisionTransformer(vision, from: towers[0], naming: .clip)
      let videoTower = try VisionTransformer(vision, from: towers[1], naming: .clip)
      let projector = try Projector(
        inputs: vision.width * features.layers.count, outputs: decoder.width, activation: activation, bias: bias,
        from: names.projector)
      let language = try LlamaDecoder(decoder, from: names.decoder, headScope: names.head)
      try source.finish(ignoring: { name in
        names.isIgnorable(name, tiedHead: decoder.tiesEmbeddings)
          || towers.contains { name.hasPrefix("\($0.prefix).post_layernorm.") }
      })
      return (imageTower, videoTower, projector, language)
    }
  }
}
