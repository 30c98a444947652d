import Checkpoint
import Foundation
import Images
import Kernels
import Pruning
import ViT

/// LLaVA-NeXT (LLaVA-1.6): CLIP's tower over a thumbnail and crops of the picture, a two-layer projector, and a LLaMA, Mistral
/// or LLaMA-3 decoder. Padding is left out, and a newline row ends each row of crops.
public enum LlavaNextFamily: ModelFamily {
  public static let modelType = "llava_next"
  public static let summary =
    "LLaVA-NeXT: CLIP tower over crops, LLaMA, Mistral or LLaMA-3 decoder, up to 2880 visual tokens"
  public static let hasClassToken = true

  public static func load(
    _ folder: CheckpointFolder, configuration: JSONValue, name: String, workers: Workers
  ) throws(VLMError) -> VisionLanguageModel {
    let reader = try ConfigurationReader(configuration, file: folder.file("config.json"))
    let vision = try VisionConfiguration(clip: try reader.section("vision_config"))
    let text = try reader.section("text_config")
    let decoder = try decoder(text, tied: try reader.boolean("tie_word_embeddings", default: false))
    let features = try LlavaFamily.featureSelection(reader, depth: vision.depth)
    guard !features.sendsClassToken else {
      throw reader.error("vision_feature_select_strategy", found: "\"full\"", expected: "\"default\"")
    }
    let processor = try processor(folder, side: vision.imageSize, grids: try grids(reader, side: vision.imageSize))
    let tokenizer = try LlavaFamily.tokenizer(folder)
    let imageToken = try LlavaFamily.imageToken(reader, tokenizer, file: folder.file("tokenizer.json"))
    let weights = try weights(folder, reader, vision: vision, decoder: decoder, features: features)
    return VisionLanguageModel(
      name: name, family: modelType, processor: processor.processor, tower: weights.tower,
      description: TowerDescription(
        depth: vision.depth, featureLayer: max(features.layers.last ?? 0, 0), hasClassToken: true,
        patchGrid: vision.grid),
      features: features, projector: weights.projector, decoder: weights.decoder, tokenizer: tokenizer,
      template: try template(text, tokenizer), imageToken: imageToken.number, imageTokenText: imageToken.text,
      endTokens: try LlavaFamily.endTokens(folder, reader, text), workers: workers,
      highResolution: HighResolution(processor: processor, newline: weights.newline))
  }

  private static func decoder(_ text: ConfigurationReader, tied: Bool) throws(VLMError) -> DecoderConfiguration {
    switch try text.string("model_type", default: "llama") {
    case "llama": try DecoderConfiguration(llama: text, tied: tied)
    case "mistral": try DecoderConfiguration(mistral: text, tied: tied)
    case let type: throw text.error("model_type", found: "\"\(type)\"", expected: "\"llama\" or \"mistral\"")
    }
  }

  /// The decoder decides, and among LLaMA's generations the tokenizer: only LLaMA-3 has headers of turns.
  private static func template(
    _ text: ConfigurationReader, _ tokenizer: Tokenizer
  ) throws(VLMError) -> any PromptTemplate {
    if try text.string("model_type", default: "llama") == "mistral" { return MistralPrompt() }
    return tokenizer.id(of: Llama3Prompt.headerToken) == nil ? VicunaPrompt() : Llama3Prompt()
  }

  /// `image_grid_pinpoints`, heights and widths in pixels, as grids of views.
  private static func grids(_ reader: ConfigurationReader, side: Int) throws(VLMError) -> [CropGrid] {
    let key = "image_grid_pinpoints"
    // LlavaNextConfig's, and LlavaNextImageProcessor's.
    let standard = [[336, 672], [672, 336], [672, 672], [1008, 336], [336, 1008]]
    let most = side * AnyResolutionProcessor.mostCrops
    var grids: [CropGrid] = []
    for size in try reader.lists(key, default: standard) {
      guard size.count == 2, size.allSatisfy({ $0 > 0 && $0 <= most && $0 % side == 0 }) else {
        throw reader.error(key, found: "\(size)", expected: "height and width, multiples of the tower's \(side) pixels")
      }
      grids.append(CropGrid(rows: size[0] / side, columns: size[1] / side))
    }
    return grids
  }

  /// The image processor, whose grids must be the model's: they decide about the same pictures.
  private static func processor(
    _ folder: CheckpointFolder, side: Int, grids: [CropGrid]
  ) throws(VLMError) -> AnyResolutionProcessor {
    let name = folder.contains("preprocessor_config.json") ? "preprocessor_config.json" : "processor_config.json"
    let file = folder.file(name)
    let bytes = try wrapping { () throws(CheckpointError) in try folder.bytes(name) }
    let json = try wrapping { () throws(CheckpointError) in try folder.json(name) }
    let nested = try ConfigurationReader(json, file: file).section("image_processor")
    let own = try Self.grids(nested.exists ? nested : try ConfigurationReader(json, file: file), side: side)
    guard own == grids else {
      throw .configuration(
        key: "image_grid_pinpoints", found: "\(own)", expected: "config.json's \(grids)", file: file)
    }
    do {
      let configuration = try ImageProcessorConfiguration(json: Data(bytes), defaults: .llavaNext)
      return try AnyResolutionProcessor(configuration: configuration, side: side, grids: grids)
    } catch {
      throw .image(error, file: file)
    }
  }

  private static func weights(
    _ folder: CheckpointFolder, _ reader: ConfigurationReader, vision: VisionConfiguration,
    decoder: DecoderConfiguration, features: FeatureSelection
  ) throws(VLMError) -> (tower: VisionTransformer, projector: Projector, decoder: LlamaDecoder, newline: [Float]) {
    let activation = try reader.activation("projector_hidden_act", default: .gelu)
    let bias = try reader.boolean("multimodal_projector_bias", default: true)
    return try wrapping { () throws(CheckpointError) in
      let source = try folder.weights()
      let names = LlavaTensorNames(source)
      let tower = try VisionTransformer(vision, from: names.tower, naming: .clip)
      let projector = try Projector(
        inputs: vision.width * features.layers.count, outputs: decoder.width, activation: activation, bias: bias,
        from: names.projector)
      let language = try LlamaDecoder(decoder, from: names.decoder, headScope: names.head)
      let newline = try LlavaTensorNames.scope(source, firstOf: ["model", ""], holding: "image_newline")
        .tensor("image_newline", [decoder.width])
      try source.finish(ignoring: { names.isIgnorable($0, tiedHead: decoder.tiesEmbeddings) })
      return (tower, projector, language, newline.values)
    }
  }
}
