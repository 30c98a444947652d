import Checkpoint
import Foundation
import Kernels
import TestSupport
import Testing
import ViT

@Suite struct `An image classifier is loaded strictly` {
  /// A copy of tiny-vit with another config.json.
  private func load(
    _ model: String = "tiny-vit", editing edit: (inout [String: Any]) throws -> Void
  ) throws -> ImageClassifier {
    try withTemporaryFolder { folder in
      let source = Fixtures.model(model)
      let text = try Data(contentsOf: source.appending(path: "config.json"))
      var object = try #require(JSONSerialization.jsonObject(with: text) as? [String: Any])
      try edit(&object)
      try JSONSerialization.data(withJSONObject: object).write(to: URL(filePath: "\(folder)/config.json"))
      try FileManager.default.copyItem(
        atPath: source.appending(path: "model.safetensors").path, toPath: "\(folder)/model.safetensors")
      return try ImageClassifier(path: folder)
    }
  }

  private func error(
    _ model: String = "tiny-vit", editing edit: (inout [String: Any]) throws -> Void
  ) -> CheckpointError? {
    do {
      _ = try load(model, editing: edit)
      return nil
    } catch {
      return error as? CheckpointError
    }
  }

  /// Tensors of a file under `fixtures/models`, changed, as a timm file.
  private func loadTimm(
    _ edit: (inout [String: (shape: [Int], values: [Float])]) -> Void
  ) throws -> ImageClassifier {
    try withTemporaryFolder { folder in
      let file = try TensorFile(path: Fixtures.model("tiny-timm/model.safetensors").path)
      var tensors: [String: (shape: [Int], values: [Float])] = [:]
      for (name, entry) in file.entries { tensors[name] = (entry.shape, try file.floats(name).values) }
      edit(&tensors)
      var writer = TensorWriter()
      for (name, tensor) in tensors { writer.add(name, shape: tensor.shape, tensor.values) }
      try writer.write(to: "\(folder)/timm.safetensors")
      return try ImageClassifier(path: "\(folder)/timm.safetensors")
    }
  }

  private func timmError(
    _ edit: (inout [String: (shape: [Int], values: [Float])]) -> Void
  ) -> CheckpointError? {
    do {
      _ = try loadTimm(edit)
      return nil
    } catch {
      return error as? CheckpointError
    }
  }

  @Test func `absent keys take the class defaults`() throws {
    // tiny-vit's file leaves out what equals ViTConfig's default; said in full it is the same model.
    let golden = try TinyEncoder.all[0].golden()
    let pixels = try golden.floats("pixel_values")
    let sparse = try load { _ in }
    let full = try load {
      $0["hidden_act"] = "gelu"
      $0["layer_norm_eps"] = 1e-12
      $0["num_channels"] = 3
      $0["qkv_bias"] = true
      $0["num_labels"] = NSNull()
    }
    let workers = Workers(count: 1)
    #expect(sparse.tower.configuration == full.tower.configuration)
    #expect(sparse.logits(pixels, workers: workers) == full.logits(pixels, workers: workers))
    let other = try load { $0["hidden_act"] = "relu" }
    #expect(sparse.logits(pixels, workers: workers) != other.logits(pixels, workers: workers))
  }

  @Test(arguments: [
    ("model_type", "clip", "expected \"vit\" or \"deit\""), ("hidden_act", "swish7", "expected one of"),
    ("hidden_size", "48", "an integer"), ("num_attention_heads", "5", "an integer"),
  ])
  func `a configuration that cannot be used is refused`(key: String, value: String, reason: String) {
    guard case .configuration(let file, let found)? = error(editing: { $0[key] = value }) else {
      Issue.record("\(key) \(value) was accepted")
      return
    }
    #expect(file.hasSuffix("config.json") && found.contains(key) && found.contains(reason), "\(found)")
  }

  @Test(arguments: [
    ("num_attention_heads", 5), ("num_attention_heads", 0), ("patch_size", 0), ("patch_size", 55), ("image_size", 0),
    ("num_channels", 1), ("hidden_size", -48), ("num_hidden_layers", 0), ("intermediate_size", 1 << 40),
    ("layer_norm_eps", 0),
  ])
  func `a number out of its range is refused`(key: String, value: Int) {
    guard case .configuration(_, let reason)? = error(editing: { $0[key] = value }) else {
      Issue.record("\(key) \(value) was accepted")
      return
    }
    #expect(reason.contains(key), "\(reason)")
  }

  @Test func `no model type, no bias, labels that skip a number: refused`() {
    for edit: (inout [String: Any]) -> Void in [
      { $0["model_type"] = nil }, { $0["qkv_bias"] = false }, { $0["id2label"] = ["0": "a", "2": "b"] },
      { $0["id2label"] = ["a", "b"] },
    ] {
      guard case .configuration? = error(editing: edit) else {
        Issue.record("accepted")
        continue
      }
    }
  }

  @Test func `weights that do not fit their configuration are refused by name`() throws {
    guard case .unusedTensors(let names, _)? = error(editing: { $0["num_hidden_layers"] = 3 }) else {
      Issue.record("a block too many was accepted")
      return
    }
    #expect(names.count == 16 && names.allSatisfy { $0.hasPrefix("vit.encoder.layer.3.") })
    guard case .missingTensor(let name, _)? = error(editing: { $0["num_hidden_layers"] = 5 }) else {
      Issue.record("a block too few was accepted")
      return
    }
    #expect(name.hasPrefix("vit.encoder.layer.4."))
    guard
      case .shape("vit.embeddings.position_embeddings", [1, 50, 48], [1, 37, 48], _)? = error(editing: {
        $0["image_size"] = 56
      })
    else {
      Issue.record("another grid was accepted")
      return
    }
    guard case .shape("classifier.weight", [2, 48], [7, 48], _)? = error(editing: { $0["id2label"] = NSNull() }) else {
      Issue.record("another number of classes was accepted")
      return
    }
  }

  @Test func `a ViT without DeiT's second token, and the reverse, are refused`() {
    guard case .missingTensor? = error(editing: { $0["model_type"] = "deit" }) else {
      Issue.record("a ViT was read as a DeiT")
      return
    }
    #expect(error("tiny-deit", editing: { $0["model_type"] = "vit" }) != nil)
  }

  /// As `AutoModel` saves it: no prefix, no classifier, and a pooler that classification does not use.
  @Test func `a folder that holds the bare encoder loads, unless it promises a head`() throws {
    let stored = try TensorFile(path: Fixtures.model("tiny-vit/model.safetensors").path)
    var writer = TensorWriter()
    for (name, entry) in stored.entries where name.hasPrefix("vit.") {
      writer.add(String(name.dropFirst(4)), shape: entry.shape, try stored.floats(name).values)
    }
    writer.add("pooler.dense.weight", shape: [48, 48], [Float](repeating: 0, count: 48 * 48))
    writer.add("pooler.dense.bias", shape: [48], [Float](repeating: 0, count: 48))
    try withTemporaryFolder { folder in
      try writer.write(to: "\(folder)/model.safetensors")
      try writeFile(
        try readFile(Fixtures.model("tiny-vit/config.json").path), to: "\(folder)/config.json")
      #expect(throws: CheckpointError.missingTensor(name: "classifier.weight", file: "\(folder)/model.safetensors")) {
        try ImageClassifier(path: folder)
      }
      let text = String(decoding: try readFile("\(folder)/config.json"), as: UTF8.self)
      try writeFile(
        Array(text.replacingOccurrences(of: "ViTForImageClassification", with: "ViTModel").utf8),
        to: "\(folder)/config.json")
      let bare = try ImageClassifier(path: folder)
      let whole = try TinyEncoder.all[0].classifier()
      #expect(bare.classes == 0 && bare.labels.isEmpty && bare.tower.configuration == whole.tower.configuration)
      let pixels = try TinyEncoder.all[0].golden().floats("pixel_values")
      var request = EncodingRequest()
      request.hiddenLayers = [3]
      let workers = Workers(count: 1)
      #expect(
        bare.tower.encode(pixels, request: request, workers: workers).hidden
          == whole.tower.encode(pixels, request: request, workers: workers).hidden)
    }
  }

  @Test func `a timm file without a head is an encoder that names nothing`() throws {
    let whole = try loadTimm { _ in }
    let bare = try loadTimm {
      $0["head.weight"] = nil
      $0["head.bias"] = nil
    }
    let pixels = try TinyEncoder.all[2].golden().floats("pixel_values")
    let workers = Workers(count: 1)
    #expect(bare.classes == 0 && bare.logits(pixels, workers: workers).isEmpty)
    #expect(whole.classes == 9 && bare.tower.configuration == whole.tower.configuration)
  }

  @Test func `a timm file with a tensor missing, too many or of another shape is refused by name`() {
    guard case .unusedTensors(["fc_norm.weight"], _)? = timmError({ $0["fc_norm.weight"] = ([1], [1]) }) else {
      Issue.record("an extra tensor was accepted")
      return
    }
    for name in ["pos_embed", "cls_token", "norm.bias", "head.bias", "blocks.1.attn.qkv.weight"] {
      guard case .missingTensor(name, _)? = timmError({ $0[name] = nil }) else {
        Issue.record("\(name) was not missed")
        continue
      }
    }
    guard case .shape("norm.weight", [128], [64, 2], _)? = timmError({ $0["norm.weight"]?.shape = [64, 2] }) else {
      Issue.record("another shape was accepted")
      return
    }
  }

  @Test func `shapes that are no square of patches, or no heads of 64, are refused`() {
    for edit: (inout [String: (shape: [Int], values: [Float])]) -> Void in [
      { $0["pos_embed"] = ([1, 27, 128], [Float](repeating: 0, count: 27 * 128)) },
      { $0["pos_embed"] = ([1, 1, 128], [Float](repeating: 0, count: 128)) },
      { $0["pos_embed"]?.shape = [26, 128] },
      { $0["patch_embed.proj.weight"] = ([96, 3, 8, 8], [Float](repeating: 0, count: 96 * 192)) },
    ] {
      guard case .configuration? = timmError(edit) else {
        Issue.record("accepted")
        continue
      }
    }
  }

  @Test func `a folder without config.json, and a path that is nothing, are unreadable`() throws {
    try withTemporaryFolder { folder in
      for path in [folder, "\(folder)/absent"] {
        #expect { try ImageClassifier(path: path) } throws: {
          guard case .unreadable? = $0 as? CheckpointError else { return false }
          return true
        }
      }
    }
  }
}
