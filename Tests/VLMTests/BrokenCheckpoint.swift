import Checkpoint
import Foundation
import TestSupport
import Testing
import VLM

/// A copy of a tiny checkpoint in a temporary folder, to be damaged.
struct BrokenCheckpoint {
  let folder: String

  /// Copies the checkpoint, damages it, loads it, and returns the error, if any.
  static func error(
    of name: String = "tiny-classic", damage: (BrokenCheckpoint) throws -> Void
  ) throws -> VLMError? {
    try withTemporaryFolder { parent in
      let checkpoint = BrokenCheckpoint(folder: "\(parent)/checkpoint")
      try FileManager.default.copyItem(atPath: Fixtures.model(name).path, toPath: checkpoint.folder)
      try damage(checkpoint)
      return vlmError { _ = try checkpoint.load() }
    }
  }

  func load() throws -> VisionLanguageModel {
    try FamilyCatalogue.load(folder: folder, name: "broken", workers: .init(count: 1))
  }

  func file(_ name: String) -> String { "\(folder)/\(name)" }

  func remove(_ name: String) throws { try FileManager.default.removeItem(atPath: file(name)) }

  /// Changes one JSON file of the folder.
  func edit(_ name: String, _ change: (inout [String: Any]) throws -> Void) throws {
    let data = try Data(contentsOf: URL(filePath: file(name)))
    var object = try #require(JSONSerialization.jsonObject(with: data) as? [String: Any])
    try change(&object)
    try JSONSerialization.data(withJSONObject: object).write(to: URL(filePath: file(name)))
  }

  /// Sets a key of config.json, or of a section of it; nil removes it.
  func set(_ key: String, in section: String? = nil, to value: Any?) throws {
    try edit("config.json") { configuration in
      guard let section else {
        configuration[key] = value
        return
      }
      var inner = configuration[section] as? [String: Any] ?? [:]
      inner[key] = value
      configuration[section] = inner
    }
  }

  struct Tensor {
    var shape: [Int]
    var values: [Float]
  }

  /// Changes the weights.
  func editWeights(_ change: (inout [String: Tensor]) throws -> Void) throws {
    let path = file("model.safetensors")
    let stored = try TensorFile(path: path)
    var tensors: [String: Tensor] = [:]
    var writer = TensorWriter()
    for (name, entry) in stored.entries {
      if entry.type == .i64 {
        writer.add(name, shape: entry.shape, integers: try stored.integers(name))
      } else {
        tensors[name] = Tensor(shape: entry.shape, values: try stored.floats(name).values)
      }
    }
    try change(&tensors)
    for (name, tensor) in tensors { writer.add(name, shape: tensor.shape, tensor.values) }
    try writer.write(to: path)
  }
}
