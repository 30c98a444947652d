import Checkpoint
import Foundation
import Pruning
import TestSupport
import Testing
import VLM

@Suite struct `A broken LLaVA checkpoint is refused` {
  /// A configuration key with a value that cannot be used.
  struct WrongKey: CustomTestStringConvertible {
    let key: String
    var section: String?
    let value: any Sendable
    /// As the error names it.
    var path: String { section.map { "\($0).\(key)" } ?? key }
    var testDescription: String { "\(path) = \(value)" }

    static let all = [
      WrongKey(key: "hidden_act", section: "text_config", value: "swish7"),
      WrongKey(key: "hidden_act", section: "vision_config", value: "swish7"),
      WrongKey(key: "projector_hidden_act", value: "nothing"),
      WrongKey(key: "model_type", section: "text_config", value: "mamba"),
      WrongKey(key: "model_type", section: "vision_config", value: "siglip_vision_model"),
      WrongKey(key: "hidden_size", section: "text_config", value: "64"),
      WrongKey(key: "hidden_size", section: "text_config", value: -64),
      WrongKey(key: "num_hidden_layers", section: "vision_config", value: 0),
      WrongKey(key: "num_attention_heads", section: "vision_config", value: 5),
      WrongKey(key: "num_key_value_heads", section: "text_config", value: 3),
      WrongKey(key: "head_dim", section: "text_config", value: 7),
      WrongKey(key: "rms_norm_eps", section: "text_config", value: -1),
      WrongKey(key: "rms_norm_eps", section: "text_config", value: 1e-60),
      WrongKey(key: "rope_theta", section: "text_config", value: 1e300),
      WrongKey(key: "layer_norm_eps", section: "vision_config", value: 1e-60),
      WrongKey(key: "num_channels", section: "vision_config", value: 4),
      WrongKey(key: "patch_size", section: "vision_config", value: 71),
      WrongKey(key: "image_size", section: "vision_config", value: 1 << 40),
      WrongKey(key: "vision_feature_layer", value: -7), WrongKey(key: "vision_feature_layer", value: 6),
      WrongKey(key: "vision_feature_layer", value: [Int]()), WrongKey(key: "vision_feature_layer", value: "last"),
      WrongKey(key: "vision_feature_select_strategy", value: "patch"),
      WrongKey(key: "tie_word_embeddings", value: "yes"),
    ]
  }

  @Test func `(but a plain copy of it is not)`() throws {
    #expect(try BrokenCheckpoint.error { _ in } == nil)
  }

  @Test(arguments: WrongKey.all)
  func `when a configuration key cannot be used, naming it`(_ wrong: WrongKey) throws {
    let error = try BrokenCheckpoint.error { try $0.set(wrong.key, in: wrong.section, to: wrong.value) }
    guard case .checkpoint(.configurationKey(wrong.path, _, _, let file))? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(file.hasSuffix("/config.json"))
  }

  @Test func `when its rotary scaling is unknown`() throws {
    let error = try BrokenCheckpoint.error {
      try $0.set("rope_scaling", in: "text_config", to: ["rope_type": "yarn", "factor": 4.0] as [String: any Sendable])
    }
    guard case .checkpoint(.configurationKey("text_config.rope_scaling.rope_type", "\"yarn\"", _, _))? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
  }

  @Test func `when it is another kind of model`() throws {
    let error = try BrokenCheckpoint.error { try $0.set("model_type", to: "qwen9_vl") }
    guard case .unsupportedModel("qwen9_vl", _, let supported)? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(supported.contains("llava") && error?.hint.contains("llava") == true)
    let unnamed = try BrokenCheckpoint.error { try $0.set("model_type", to: nil) }
    guard case .checkpoint(.configurationKey("model_type", "missing", _, _))? = unnamed else {
      Issue.record("\(String(describing: unnamed))")
      return
    }
  }

  @Test func `when it is quantised, and the hint says what to do`() throws {
    let error = try BrokenCheckpoint.error {
      try $0.set("quantization_config", to: ["quant_method": "awq", "bits": 4] as [String: any Sendable])
    }
    guard case .checkpoint(.quantised("awq", _))? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(error?.hint.contains("dequantize") == true)
    #expect(try BrokenCheckpoint.error { try $0.set("quantization_config", to: NSNull()) } == nil)
  }

  @Test func `when the tokenizer has no image token, or another number for it`() throws {
    let without = try BrokenCheckpoint.error {
      try $0.edit("tokenizer.json") { tokenizer in
        let added = try #require(tokenizer["added_tokens"] as? [[String: Any]])
        tokenizer["added_tokens"] = added.filter { $0["content"] as? String != "<image>" }
      }
    }
    guard case .imageToken? = without else {
      Issue.record("\(String(describing: without))")
      return
    }
    let other = try BrokenCheckpoint.error { try $0.set("image_token_index", to: 479) }
    guard case .imageToken(let reason, _)? = other else {
      Issue.record("\(String(describing: other))")
      return
    }
    #expect(reason.contains("480") && reason.contains("479"))
    let standard = try BrokenCheckpoint.error { try $0.set("image_token_index", to: nil) }
    guard case .imageToken? = standard else {
      Issue.record("the class default 32000 is not this tokenizer's number")
      return
    }
  }

  @Test func `when a tensor is missing, one too many, or of another shape`() throws {
    let name = "language_model.model.layers.1.mlp.up_proj.weight"
    let missing = try BrokenCheckpoint.error { try $0.editWeights { $0[name] = nil } }
    guard case .checkpoint(.missingTensor(name, _))? = missing else {
      Issue.record("\(String(describing: missing))")
      return
    }
    let extra = try BrokenCheckpoint.error {
      try $0.editWeights { $0["language_model.model.layers.3.mlp.up_proj.weight"] = .init(shape: [1], values: [0]) }
    }
    guard case .checkpoint(.unusedTensors(["language_model.model.layers.3.mlp.up_proj.weight"], _))? = extra else {
      Issue.record("\(String(describing: extra))")
      return
    }
    let turned = try BrokenCheckpoint.error { try $0.editWeights { $0[name]?.shape.reverse() } }
    guard case .checkpoint(.shape(name, [160, 64], [64, 160], _))? = turned else {
      Issue.record("\(String(describing: turned))")
      return
    }
  }

  @Test(arguments: ["vision_tower", "multi_modal_projector", "language_model"])
  func `when a whole part is missing`(_ part: String) throws {
    let error = try BrokenCheckpoint.error {
      try $0.editWeights { tensors in tensors = tensors.filter { !$0.key.hasPrefix(part) } }
    }
    guard case .checkpoint(.missingTensor)? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
  }

  @Test(arguments: ["config.json", "tokenizer.json", "preprocessor_config.json"])
  func `when a required file is missing, cut off or a folder`(_ name: String) throws {
    let missing = try BrokenCheckpoint.error { try $0.remove(name) }
    guard case .checkpoint(.unreadable(let file, _))? = missing else {
      Issue.record("\(String(describing: missing))")
      return
    }
    #expect(file.hasSuffix(".json"))
    #expect(
      try BrokenCheckpoint.error {
        let bytes = try readFile($0.file(name))
        try writeFile(Array(bytes.prefix(bytes.count / 2)), to: $0.file(name))
      } != nil)
    #expect(
      try BrokenCheckpoint.error {
        try $0.remove(name)
        try FileManager.default.createDirectory(atPath: $0.file(name), withIntermediateDirectories: false)
      } != nil)
    #expect(try BrokenCheckpoint.error { try writeFile(Array("[]".utf8), to: $0.file(name)) } != nil)
  }

  @Test func `when its processor rescales beyond single precision`() throws {
    let error = try BrokenCheckpoint.error {
      try $0.edit("preprocessor_config.json") { $0["rescale_factor"] = 1e300 }
    }
    guard case .image(.invalidConfiguration("rescale_factor", _, _), _)? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
  }

  /// A section that is null is none: the image processor's own file counts, and there must be one.
  @Test func `when a null section of processor_config.json is all that describes its image processor`() throws {
    func error(removesOwn: Bool) throws -> VLMError? {
      try BrokenCheckpoint.error {
        try writeFile(Array(#"{"image_processor": null}"#.utf8), to: $0.file("processor_config.json"))
        if removesOwn {
          try $0.remove("preprocessor_config.json")
        } else {
          try $0.edit("preprocessor_config.json") { $0["crop_size"] = ["height": 56, "width": 56] }
        }
      }
    }
    guard case .checkpoint(.configurationKey("image_processor", "null", _, _))? = try error(removesOwn: true),
      case .checkpoint(.configurationKey("crop_size", _, _, _))? = try error(removesOwn: false)
    else {
      Issue.record("the image processor's own file was not read")
      return
    }
  }

  @Test(arguments: ["tokenizer_config.json", "special_tokens_map.json"])
  func `(but not when an optional file is missing)`(_ name: String) throws {
    #expect(try BrokenCheckpoint.error { try $0.remove(name) } == nil)
  }

  @Test func `when its weights are missing or cut off`() throws {
    let missing = try BrokenCheckpoint.error { try $0.remove("model.safetensors") }
    guard case .checkpoint(.noWeights(_, nil))? = missing else {
      Issue.record("\(String(describing: missing))")
      return
    }
    let cut = try BrokenCheckpoint.error {
      let bytes = try readFile($0.file("model.safetensors"))
      try writeFile(Array(bytes.dropLast()), to: $0.file("model.safetensors"))
    }
    guard case .checkpoint(.malformed)? = cut else {
      Issue.record("\(String(describing: cut))")
      return
    }
  }

  @Test func `when its processor makes pictures of another size than the tower reads`() throws {
    let error = try BrokenCheckpoint.error {
      try $0.edit("preprocessor_config.json") { $0["crop_size"] = ["height": 56, "width": 56] }
    }
    guard case .checkpoint(.configurationKey("crop_size", _, _, let file))? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(file.hasSuffix("/preprocessor_config.json"))
  }

  @Test(arguments: [
    ("vision_tower.vision_model.encoder.layers.0.mlp.fc1.bias", "tower"),
    ("multi_modal_projector.linear_1.bias", "projector"),
    ("language_model.model.layers.2.mlp.down_proj.weight", "decoder"),
  ])
  func `when its weights are not numbers, as soon as they are used`(tensor: String, stage: String) throws {
    try withTemporaryFolder { parent in
      let checkpoint = BrokenCheckpoint(folder: "\(parent)/checkpoint")
      try FileManager.default.copyItem(atPath: Fixtures.model("tiny-classic").path, toPath: checkpoint.folder)
      try checkpoint.editWeights { tensors in
        let count = try #require(tensors[tensor]).values.count
        tensors[tensor]?.values = [Float](repeating: .nan, count: count)
      }
      let model = try checkpoint.load()
      let error = vlmError { _ = try model.answer(setting: try TestModel.setting()) }
      guard case .notFinite(let found)? = error, found.contains(stage) else {
        Issue.record("\(String(describing: error))")
        return
      }
    }
  }
}
