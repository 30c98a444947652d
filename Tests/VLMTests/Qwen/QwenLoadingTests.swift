import Checkpoint
import Foundation
import Images
import Pruning
import TestSupport
import Testing

@testable import VLM

@Suite struct `A broken Qwen checkpoint is refused` {
  /// A key of config.json that cannot be used, by its path.
  struct WrongKey: CustomTestStringConvertible {
    var name = "tiny-qwen2_5-vl-a"
    let key: String
    var section: String?
    let value: any Sendable
    /// As the error names it, where it names another.
    var named: String?
    var path: String { named ?? section.map { "\($0).\(key)" } ?? key }
    var testDescription: String { "\(name): \(path) = \(value)" }

    static let all = [
      WrongKey(key: "patch_size", section: "vision_config", value: 0),
      WrongKey(key: "num_heads", section: "vision_config", value: 5),
      WrongKey(key: "hidden_act", section: "vision_config", value: "swish7"),
      WrongKey(key: "model_type", section: "vision_config", value: "qwen2_vl"),
      WrongKey(key: "out_hidden_size", section: "vision_config", value: 64),
      WrongKey(key: "tokens_per_second", section: "vision_config", value: 0),
      WrongKey(key: "tokens_per_second", section: "vision_config", value: 1e30),
      WrongKey(key: "hidden_size", value: "48"), WrongKey(key: "tie_word_embeddings", value: "yes"),
      WrongKey(
        key: "rope_scaling", value: ["type": "mrope", "mrope_section": [1, 2, 3]] as [String: any Sendable],
        named: "rope_scaling.mrope_section"),
      WrongKey(
        name: "tiny-qwen2-vl-a", key: "embed_dim", section: "vision_config", value: 33, named: "vision_config.num_heads"
      ),
      WrongKey(
        name: "tiny-qwen3-vl-a", key: "deepstack_visual_indexes", section: "vision_config", value: [0, 1, 2, 3]),
      WrongKey(name: "tiny-qwen3-vl-a", key: "num_position_embeddings", section: "vision_config", value: 35),
      WrongKey(name: "tiny-qwen3-vl-a", key: "model_type", section: "text_config", value: "qwen2"),
    ]
  }

  @Test(arguments: QwenModel.names)
  func `(but a plain copy of it is not)`(_ name: String) throws {
    #expect(try BrokenCheckpoint.error(of: name) { _ in } == nil)
  }

  @Test(arguments: WrongKey.all)
  func `when a configuration key cannot be used, naming it`(_ wrong: WrongKey) throws {
    let error = try BrokenCheckpoint.error(of: wrong.name) { try $0.set(wrong.key, in: wrong.section, to: wrong.value) }
    guard case .checkpoint(.configurationKey(wrong.path, _, _, _))? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
  }

  @Test(
    arguments: [
      ("patch_size", 7), ("merge_size", 3), ("temporal_patch_size", 3), ("min_pixels", 0), ("do_resize", false),
      ("image_processor_type", "CLIPImageProcessor"), ("num_frames", 8),
      ("min_frames", 1), ("max_frames", 1),
    ] as [(String, any Sendable)])
  func `when its processor does not cut pictures as the tower reads them`(key: String, value: any Sendable) throws {
    let error = try BrokenCheckpoint.error(of: "tiny-qwen2-vl-a") {
      try $0.edit("preprocessor_config.json") { $0[key] = value }
    }
    switch error {
    case .image(.invalidConfiguration(key, _, _), let file)?: #expect(file.hasSuffix("/preprocessor_config.json"))
    case .checkpoint(.configurationKey(key, _, _, let file))?: #expect(file.hasSuffix("/preprocessor_config.json"))
    default: Issue.record("\(String(describing: error))")
    }
  }

  @Test(arguments: ["image_token_id", "video_token_id", "vision_start_token_id", "vision_end_token_id"])
  func `when the tokenizer has another number for a marker`(_ key: String) throws {
    let error = try BrokenCheckpoint.error(of: "tiny-qwen3-vl-b") { try $0.set(key, to: 301) }
    guard case .imageToken(let reason, _)? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(reason.contains("301"))
  }

  @Test(arguments: [
    ("tiny-qwen2-vl-a", "visual.merger.mlp.2.bias"), ("tiny-qwen2_5-vl-a", "visual.blocks.3.mlp.gate_proj.bias"),
    ("tiny-qwen2_5-vl-b", "model.language_model.layers.1.self_attn.q_proj.bias"),
    ("tiny-qwen3-vl-a", "model.visual.deepstack_merger_list.1.linear_fc1.weight"),
    ("tiny-qwen3-vl-b", "lm_head.weight"),
  ])
  func `when a tensor is missing or one too many`(_ name: String, _ tensor: String) throws {
    let missing = try BrokenCheckpoint.error(of: name) { try $0.editWeights { $0[tensor] = nil } }
    guard case .checkpoint(.missingTensor(tensor, _))? = missing else {
      Issue.record("\(String(describing: missing))")
      return
    }
    let extra = try BrokenCheckpoint.error(of: name) {
      try $0.editWeights { $0["\(tensor).more"] = .init(shape: [1], values: [0]) }
    }
    guard case .checkpoint(.unusedTensors(["\(tensor).more"], _))? = extra else {
      Issue.record("\(String(describing: extra))")
      return
    }
  }
}

@Suite struct `A Qwen checkpoint` {
  private func load(_ name: String, _ change: (BrokenCheckpoint) throws -> Void) throws -> VisionLanguageModel {
    try withTemporaryFolder { parent in
      let checkpoint = BrokenCheckpoint(folder: "\(parent)/checkpoint")
      try FileManager.default.copyItem(atPath: Fixtures.model(name).path, toPath: checkpoint.folder)
      try change(checkpoint)
      return try checkpoint.load()
    }
  }

  private func edit(_ checkpoint: BrokenCheckpoint, _ file: String, _ keys: [String: Any]) throws {
    let path = checkpoint.file(file)
    if !FileManager.default.fileExists(atPath: path) {
      try "{}".write(toFile: path, atomically: true, encoding: .utf8)
    }
    try checkpoint.edit(file) { $0.merge(keys) { $1 } }
  }

  @Test func `is of its family, with its template and its own markers`() throws {
    for (name, family, template) in [
      ("tiny-qwen2-vl-a", "qwen2_vl", "qwen"), ("tiny-qwen2_5-vl-b", "qwen2_5_vl", "qwen"),
      ("tiny-qwen3-vl-a", "qwen3_vl", "qwen3"),
    ] {
      let model = try TestModel.load(name)
      #expect(model.familyName == family && model.template?.template.name == template)
      #expect(model.family.markers[.video]?.placeholder == "<|vision_start|><|video_pad|><|vision_end|>")
      let without = try load(name) { checkpoint in
        for file in ["chat_template.json", "chat_template.jinja"] { try? checkpoint.remove(file) }
      }
      #expect(without.template?.template.name == template && !without.notes.contains { $0.contains("--template") })
    }
  }

  /// The video processor's own section counts before its own file, and that before the image processor's keys.
  @Test func `takes the sizes of videos from the first place that has them`() throws {
    let size = ["shortest_edge": 576, "longest_edge": 1296]
    func tokens(_ change: (BrokenCheckpoint) throws -> Void) throws -> Int {
      let model = try load("tiny-qwen2-vl-b", change)
      return model.family.describe(try QwenModel.video(4, for: model), packing: .spatial).tokens[0]
    }
    let plain = try tokens { _ in }
    // At most nine cells of 12 pixels.
    #expect(plain > 9)
    #expect(try tokens { try edit($0, "video_preprocessor_config.json", ["patch_size": 6, "size": size]) } <= 9)
    let nested = try tokens { checkpoint in
      try edit(checkpoint, "video_preprocessor_config.json", ["patch_size": 6])
      try edit(checkpoint, "processor_config.json", ["video_processor": ["patch_size": 6, "size": size]])
    }
    #expect(nested <= 9)
  }
}
