import Basics
import Checkpoint
import Kernels
import Language
import Tokenizer
import ViT

/// What the configurations of LLaVA's relatives have in common, validated. Absent keys take transformers' class
/// defaults.
struct LlavaConfiguration {
  let vision: VisionConfiguration
  let decoder: DecoderConfiguration
  /// The decoder's `model_type`.
  let decoderType: String
  /// 0-based blocks whose outputs are projected; −1 stands for the embeddings.
  let layers: [Int]
  /// Whether the class token is sent before the patches.
  let sendsClassToken: Bool
  let projectorActivation: Activation
  let projectorBias: Bool

  /// - Parameter imageSize: what the tower of an absent `vision_config` sees, in pixels a side.
  init(_ reader: ConfigurationReader, imageSize: Int = 336) throws(CheckpointError) {
    vision = try VisionConfiguration(clip: try reader.section("vision_config"), standardSize: imageSize)
    let tied = try reader.boolean("tie_word_embeddings", default: false)
    let text = try reader.section("text_config")
    decoder = try Self.decoder(text, tied: tied)
    decoderType = try text.string("model_type", default: "llama")
    layers = try Self.layers(reader, depth: vision.depth)
    let strategy = try reader.string("vision_feature_select_strategy", default: "default")
    guard ["default", "full"].contains(strategy) else {
      throw reader.error("vision_feature_select_strategy", found: "\"\(strategy)\"", expected: "default or full")
    }
    sendsClassToken = strategy == "full"
    projectorActivation = try reader.activation("projector_hidden_act", default: .gelu)
    projectorBias = try reader.boolean("multimodal_projector_bias", default: true)
  }

  /// What published checkpoints of this kind are trained with: the decoder decides, and among LLaMA's generations the
  /// tokenizer, since only LLaMA-3 has turn headers.
  func standardTemplate(_ tokenizer: Tokenizer) -> any PromptTemplate {
    if decoderType == "mistral" { return MistralPrompt() }
    return tokenizer.id(of: Llama3Prompt.headerToken) == nil ? VicunaPrompt() : Llama3Prompt()
  }

  private static func decoder(_ text: ConfigurationReader, tied: Bool) throws(CheckpointError) -> DecoderConfiguration {
    switch try text.string("model_type", default: "llama") {
    case "llama": try DecoderConfiguration(llama: text, tied: tied)
    case "mistral": try DecoderConfiguration(mistral: text, tied: tied)
    case let type: throw text.error("model_type", found: "\"\(type)\"", expected: "\"llama\" or \"mistral\"")
    }
  }

  /// transformers counts hidden states from the embeddings: index k is the output of block k − 1, and −1 of the last.
  private static func layers(_ reader: ConfigurationReader, depth: Int) throws(CheckpointError) -> [Int] {
    let indices = try reader.integers("vision_feature_layer", default: [-2])
    let layers = indices.map { $0 < 0 ? depth + $0 : $0 - 1 }
    guard layers.allSatisfy({ (-1..<depth).contains($0) }) else {
      throw reader.error("vision_feature_layer", found: "\(indices)", expected: "hidden states of \(depth) blocks")
    }
    return layers
  }
}

/// The weights of LLaVA's relatives: towers, a two-layer projector, a decoder, and whatever else a family has.
struct LlavaWeights {
  let towers: [TransformerTower]
  let projector: Projector
  let decoder: Decoder
  /// [decoder width], where the family has one.
  let newline: [Float]?

  /// - Parameters:
  ///   - names: of the towers.
  ///   - hasNewline: whether `image_newline` must be there.
  init(
    _ folder: CheckpointFolder, _ configuration: LlavaConfiguration, towers names: [String] = ["vision_tower"],
    hasNewline: Bool = false
  ) throws(CheckpointError) {
    let source = try folder.weights()
    let places = LlavaTensorNames(source, towers: names)
    var towers: [TransformerTower] = []
    for scope in places.towers {
      let transformer = try VisionTransformer(configuration.vision, from: scope, naming: .clip)
      towers.append(TransformerTower(transformer, layers: configuration.layers))
    }
    self.towers = towers
    projector = try Projector(
      inputs: configuration.vision.width * configuration.layers.count, outputs: configuration.decoder.width,
      activation: configuration.projectorActivation, bias: configuration.projectorBias, from: places.projector)
    decoder = try Decoder(configuration.decoder, from: places.decoder, headScope: places.head)
    newline =
      hasNewline
      ? try LlavaTensorNames.scope(source, firstOf: ["model", ""], holding: "image_newline")
        .tensor("image_newline", [configuration.decoder.width]).values : nil
    try source.finish(ignoring: { places.isIgnorable($0, tiedHead: configuration.decoder.tiesEmbeddings) })
  }
}

/// Where a LLaVA checkpoint keeps its parts: transformers renamed them twice, and every generation is still in use.
struct LlavaTensorNames {
  let towers: [WeightScope]
  let projector: WeightScope
  let decoder: WeightScope
  let head: WeightScope

  init(_ source: WeightSource, towers names: [String]) {
    func first(_ candidates: [String], holding probe: String) -> WeightScope {
      Self.scope(source, firstOf: candidates, holding: probe)
    }
    towers = names.map { name in
      first(
        ["model.\(name)", "model.\(name).vision_model", "\(name).vision_model", name],
        holding: "embeddings.class_embedding")
    }
    projector = first(["model.multi_modal_projector", "multi_modal_projector"], holding: "linear_1.weight")
    decoder = first(
      ["model.language_model", "language_model.model", "model.language_model.model", "language_model"],
      holding: "embed_tokens.weight")
    head = first(["", "language_model", "model.language_model"], holding: "lm_head.weight")
  }

  /// The first of several places that holds the tensor `probe`; the first of all where none does.
  static func scope(_ source: WeightSource, firstOf candidates: [String], holding probe: String) -> WeightScope {
    let prefix = candidates.first { source.contains($0.isEmpty ? probe : "\($0).\(probe)") } ?? candidates[0]
    return WeightScope(source, prefix: prefix)
  }

  /// Tensors that are not needed: position numbers and rotary frequencies that old versions saved, the norm after a
  /// tower's last block (its pooled output is not used), and a copy of tied embeddings.
  func isIgnorable(_ name: String, tiedHead: Bool) -> Bool {
    name.hasSuffix(".position_ids") || name.hasSuffix(".rotary_emb.inv_freq")
      || towers.contains { name.hasPrefix("\($0.prefix).post_layernorm.") }
      || (tiedHead && name.hasSuffix("lm_head.weight"))
  }
}
