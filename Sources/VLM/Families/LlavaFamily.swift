import Checkpoint
import Foundation
import Images
import Kernels
import Pruning
import ViT

/// LLaVA-1.5: CLIP's tower, a two-layer projector and a LLaMA decoder; one view of 576 tokens a picture.
public enum LlavaFamily: ModelFamily {
  public static let modelType = "llava"
  public static let summary = "LLaVA-1.5: CLIP tower, LLaMA or Vicuna decoder, 576 visual tokens at 336 pixels"
  public static let hasClassToken = true

  public static func load(
    _ folder: CheckpointFolder, configuration: JSONValue, name: String, workers: Workers
  ) throws(VLMError) -> VisionLanguageModel {
    let reader = try ConfigurationReader(configuration, file: folder.file("config.json"))
    let vision = try VisionConfiguration(clip: try reader.section("vision_config"))
    let text = try reader.section("text_config")
    let decoder = try DecoderConfiguration(
      llama: text, tied: try reader.boolean("tie_word_embeddings", default: false))
    let features = try featureSelection(reader, depth: vision.depth)
    let processor = try processor(folder, vision: vision)
    let tokenizer = try tokenizer(folder)
    let imageToken = try imageToken(reader, tokenizer, file: folder.file("tokenizer.json"))
    let weights = try weights(folder, reader, vision: vision, decoder: decoder, features: features)
    return VisionLanguageModel(
      name: name, family: modelType, processor: processor, tower: weights.tower,
      description: TowerDescription(
        depth: vision.depth, featureLayer: max(features.layers.last ?? 0, 0), hasClassToken: true,
        patchGrid: vision.grid),
      features: features, projector: weights.projector, decoder: weights.decoder, tokenizer: tokenizer,
      template: VicunaPrompt(), imageToken: imageToken.number, imageTokenText: imageToken.text,
      endTokens: try endTokens(folder, reader, text), workers: workers)
  }

  /// transformers counts hidden states from the embeddings: index k is the output of block k − 1, and −1 of the last.
  static func featureSelection(
    _ reader: ConfigurationReader, depth: Int
  ) throws(VLMError) -> FeatureSelection {
    let indices = try reader.integers("vision_feature_layer", default: [-2])
    let layers = indices.map { $0 < 0 ? depth + $0 : $0 - 1 }
    guard layers.allSatisfy({ (-1..<depth).contains($0) }) else {
      throw reader.error("vision_feature_layer", found: "\(indices)", expected: "hidden states of \(depth) blocks")
    }
    let strategy = try reader.string("vision_feature_select_strategy", default: "default")
    guard ["default", "full"].contains(strategy) else {
      throw reader.error("vision_feature_select_strategy", found: "\"\(strategy)\"", expected: "default or full")
    }
    return FeatureSelection(layers: layers, sendsClassToken: strategy == "full")
  }

  static func processor(
    _ folder: CheckpointFolder, vision: VisionConfiguration
  ) throws(VLMError) -> ImageProcessor {
    let name = folder.contains("preprocessor_config.json") ? "preprocessor_config.json" : "processor_config.json"
    let bytes = try wrapping { () throws(CheckpointError) in try folder.bytes(name) }
    let processor: ImageProcessor
    do {
      processor = try ImageProcessor(configuration: try ImageProcessorConfiguration(json: Data(bytes)))
    } catch {
      throw .image(error, file: folder.file(name))
    }
    // Whatever the picture's shape: without a crop, only square ones would fit the tower.
    let side = vision.imageSize
    for (width, height) in [(side, side), (3 * side, side), (side, 3 * side)] {
      let size = processor.geometry(width: width, height: height)
      guard size.width == side, size.height == side else {
        throw .configuration(
          key: "crop_size", found: "\(size.width)×\(size.height) for a picture of \(width)×\(height)",
          expected: "the tower's \(side)×\(side) for every picture", file: folder.file(name))
      }
    }
    return processor
  }

  static func tokenizer(_ folder: CheckpointFolder) throws(VLMError) -> Tokenizer {
    let bytes = try wrapping { () throws(CheckpointError) in try folder.bytes("tokenizer.json") }
    do { return try Tokenizer(json: bytes) } catch { throw .tokenizer(error, folder: folder.path) }
  }

  /// The placeholder of an image, or of a video, which tokenizer.json and config.json must number alike.
  static func imageToken(
    _ reader: ConfigurationReader, _ tokenizer: Tokenizer, kind: PictureKind = .image, default fallback: Int = 32_000,
    file: String
  ) throws(VLMError) -> (number: Int, text: String) {
    let text = "<\(kind.rawValue)>"
    let expected = try reader.integer(
      ["\(kind.rawValue)_token_index", "\(kind.rawValue)_token_id"], default: fallback, in: 0...16_777_216)
    guard let number = tokenizer.id(of: text) else {
      throw .imageToken(reason: "the tokenizer has no \(kind.rawValue) token \(text)", file: file)
    }
    guard number == expected else {
      throw .imageToken(
        reason: "the tokenizer numbers \(text) \(number), but config.json says \(expected)", file: file)
    }
    return (number, text)
  }

  /// generation_config.json decides; without it, what transformers derives from the model's own configuration.
  static func endTokens(
    _ folder: CheckpointFolder, _ reader: ConfigurationReader, _ text: ConfigurationReader
  ) throws(VLMError) -> Set<Int> {
    if folder.contains("generation_config.json") {
      let json = try wrapping { () throws(CheckpointError) in try folder.json("generation_config.json") }
      let generation = try ConfigurationReader(json, file: folder.file("generation_config.json"))
      return Set(try generation.integers("eos_token_id", default: []))
    }
    if reader.has("eos_token_id") { return Set(try reader.integers("eos_token_id", default: [])) }
    return Set(try text.integers("eos_token_id", default: [2]))
  }

  private static func weights(
    _ folder: CheckpointFolder, _ reader: ConfigurationReader, vision: VisionConfiguration,
    decoder: DecoderConfiguration, features: FeatureSelection
  ) throws(VLMError) -> (tower: VisionTransformer, projector: Projector, decoder: LlamaDecoder) {
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
      try source.finish(ignoring: { names.isIgnorable($0, tiedHead: decoder.tiesEmbeddings) })
      return (tower, projector, language)
    }
  }
}

/// Where a LLaVA checkpoint keeps its parts: transformers renamed them twice, and every generation is still in use.
struct LlavaTensorNames {
  let tower: WeightScope
  let projector: WeightScope
  let decoder: WeightScope
  let head: WeightScope

  init(_ source: WeightSource) {
    func first(_ candidates: [String], holding probe: String) -> WeightScope {
      Self.scope(source, firstOf: candidates, holding: probe)
    }
    tower = Self.tower(source, named: "vision_tower")
    projector = first(["model.multi_modal_projector", "multi_modal_projector"], holding: "linear_1.weight")
    decoder = first(
      ["model.language_model", "language_model.model", "model.language_model.model", "language_model"],
      holding: "embed_tokens.weight")
    head = first(["", "language_model", "model.language_model"], holding: "lm_head.weight")
  }

  /// Where the tower `name` is.
  static func tower(_ source: WeightSource, named name: String) -> WeightScope {
    scope(
      source, firstOf: ["model.\(name)", "model.\(name).vision_model", "\(name).vision_model", name],
      holding: "embeddings.class_embedding")
  }

  /// The first of several places that holds the tensor `probe`; the first of all where none does.
  static func scope(_ source: WeightSource, firstOf candidates: [String], holding probe: String) -> WeightScope {
    let prefix = candidates.first { source.contains($0.isEmpty ? probe : "\($0).\(probe)") } ?? candidates[0]
    return WeightScope(source, prefix: prefix)
  }

  /// What carries nothing: position numbers and rotary frequencies that old versions saved, the norm behind the tower's last
  /// block (its pooled output is not used), and a copy of tied embeddings.
  func isIgnorable(_ name: String, tiedHead: Bool) -> Bool {
    name.hasSuffix(".position_ids") || name.hasSuffix(".rotary_emb.inv_freq")
      || name.hasPrefix("\(tower.prefix).post_layernorm.") || (tiedHead && name.hasSuffix("lm_head.weight"))
  }
}
