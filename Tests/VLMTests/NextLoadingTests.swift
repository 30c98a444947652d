import Checkpoint
import Foundation
import Pruning
import TestSupport
import Testing
import VLM

@Suite struct `A LLaVA-NeXT checkpoint` {
  /// A configuration key with a value that cannot be used.
  struct WrongKey: CustomTestStringConvertible {
    let key: String
    var section: String?
    let value: any Sendable
    var path: String { section.map { "\($0).\(key)" } ?? key }
    var testDescription: String { "\(path) = \(value)" }

    static let all = [
      WrongKey(key: "image_grid_pinpoints", value: [[30, 31]]),
      WrongKey(key: "image_grid_pinpoints", value: [[30, 60, 90]]),
      WrongKey(key: "image_grid_pinpoints", value: [[30, 0]]),
      WrongKey(key: "image_grid_pinpoints", value: [[Int]]()),
      WrongKey(key: "image_grid_pinpoints", value: [30, 60]),
      WrongKey(key: "image_grid_pinpoints", value: "anyres"),
      WrongKey(key: "vision_feature_select_strategy", value: "full"),
      WrongKey(key: "model_type", section: "text_config", value: "qwen2"),
      WrongKey(key: "sliding_window", section: "text_config", value: 0),
    ]
  }

  private func error(_ damage: (BrokenCheckpoint) throws -> Void) throws -> VLMError? {
    try BrokenCheckpoint.error(of: "tiny-next-mistral", damage: damage)
  }

  @Test(arguments: WrongKey.all)
  func `with a configuration key that cannot be used is refused, naming it`(_ wrong: WrongKey) throws {
    let error = try error { try $0.set(wrong.key, in: wrong.section, to: wrong.value) }
    guard case .checkpoint(.configurationKey(wrong.path, _, _, _))? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
  }

  @Test func `whose two files disagree about crops is refused`() throws {
    let error = try error { checkpoint in
      try checkpoint.edit("preprocessor_config.json") { $0["image_grid_pinpoints"] = [[30, 60]] }
    }
    guard case .checkpoint(.configurationKey("image_grid_pinpoints", _, _, let file))? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(file.hasSuffix("preprocessor_config.json"))
  }

  @Test func `whose processor makes views of another size is refused`() throws {
    for (key, value) in [("size", ["shortest_edge": 28]), ("crop_size", ["height": 28, "width": 30])] {
      let error = try error { try $0.edit("preprocessor_config.json") { $0[key] = value } }
      guard case .image? = error else {
        Issue.record("\(key): \(String(describing: error))")
        continue
      }
    }
  }

  @Test func `without its newline is refused`() throws {
    let error = try error { try $0.editWeights { $0["image_newline"] = nil } }
    #expect(error?.message.contains("image_newline") == true, "\(String(describing: error))")
  }

  /// The context that a Mistral decoder has with a window; without an argument the key is absent.
  private func context(window: Any?) throws -> Int {
    try withTemporaryFolder { parent in
      let checkpoint = BrokenCheckpoint(folder: "\(parent)/checkpoint")
      try FileManager.default.copyItem(
        atPath: Fixtures.model("tiny-next-mistral").path, toPath: checkpoint.folder)
      if let window { try checkpoint.set("sliding_window", in: "text_config", to: window) }
      return try checkpoint.load().decoder.configuration.contextLength
    }
  }

  @Test func `of Mistral reads no further than its window`() throws {
    #expect(try context(window: nil) == 4096)
    #expect(try context(window: NSNull()) == 32_768)
    #expect(try context(window: 64) == 64)
    #expect(try context(window: 1_000_000) == 32_768)
  }
}
