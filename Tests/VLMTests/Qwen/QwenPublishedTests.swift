import Basics
import Checkpoint
import Foundation
import Language
import TestSupport
import Testing

@testable import VLM

/// What transformers makes of the published configurations with small sizes; `fixtures/generate/qwen_published.py`.
struct PublishedQwen: Decodable, Sendable {
  struct Tensor: Decodable, Sendable {
    let name: String
    let shape: [Int]
  }

  struct Checkpoint: Decodable, Sendable, CustomTestStringConvertible {
    /// Folders and files under `../shared/data/published`.
    let folder: String
    let processor: String
    let tensors: [Tensor]
    let grid: [Int]
    let generated: [Int]
    /// The best first tokens and their logits.
    let top: [Int]
    let logits: [Float]
    var testDescription: String { folder }
    var isQwen3: Bool { folder.contains("Qwen3") }
  }

  let template: String
  let tokenizer: String
  let question: String
  let picture: String
  let prompts: [String: String]
  let textSizes: [String: Int]
  let visionSizes: [String: Int]
  let ids: [String: Int]
  let checkpoints: [Checkpoint]

  private enum CodingKeys: String, CodingKey {
    case template, tokenizer, question, picture, prompts, ids, checkpoints
    case textSizes = "text_sizes"
    case visionSizes = "vision_sizes"
  }

  static let goldens = try? JSONDecoder().decode(
    PublishedQwen.self, from: Data(contentsOf: Fixtures.url("golden/qwen/published.json")))
}

@Suite(.enabled(if: Fixtures.sharedData != nil, "the published files lie in ../shared/data, which is absent"))
struct `Published configurations of Qwen's models` {
  private static let cases = PublishedQwen.goldens?.checkpoints ?? []

  @Test func `have goldens for all three families`() throws {
    let folders = try #require(PublishedQwen.goldens).checkpoints.map(\.folder)
    for family in ["Qwen2-VL", "Qwen2.5-VL-3B", "Qwen2.5-VL-7B", "Qwen3-VL"] {
      #expect(folders.contains { $0.contains(family) }, "\(family)")
    }
  }

  /// Weights of the published names, and nothing else: a missing or unused tensor or another shape is an error.
  @Test(arguments: cases)
  func `load as they stand, with small sizes, and answer as transformers does`(
    _ golden: PublishedQwen.Checkpoint
  ) throws {
    let goldens = try #require(PublishedQwen.goldens)
    try withTemporaryFolder { parent in
      let checkpoint = try PublishedCheckpoint(golden, of: goldens, in: "\(parent)/checkpoint")
      let model = try FamilyCatalogue.load(
        folder: checkpoint.folder, name: golden.folder, workers: .init(count: 2))
      let inspection = Inspection()
      var conversation = Conversation(model: model, setting: try TestModel.setting())
      let answer = try conversation.show(
        goldens.question, newPictures: [try model.picture(goldens.picture)],
        options: GenerationOptions(maxNewTokens: golden.generated.count), inspection: inspection)
      let logits = golden.top.map { answer.firstLogits[$0] }
      expectClose(actual: logits, expected: golden.logits, tolerance: Tolerances.logits, label: "logits")
      #expect(inspection["generated_ids"]?.integers == golden.generated)
      #expect(answer.keptTokens == golden.grid.reduce(1, *))
    }
  }

  @Test func `write a prompt as the published template does`() throws {
    let goldens = try #require(PublishedQwen.goldens)
    let golden = try #require(goldens.checkpoints.first { !$0.isQwen3 })
    let template = try withTemporaryFolder { parent in
      let checkpoint = try PublishedCheckpoint(golden, of: goldens, in: "\(parent)/checkpoint")
      return try #require(
        FamilyCatalogue.load(folder: checkpoint.folder, name: "published", workers: .init(count: 1)).template)
    }
    #expect(template.origin == "chat_template.json" && template.takesSystem)
    let conversations: [String: (turns: [Turn], system: String?)] = [
      "one": ([Turn(question: "What is this?", pictures: 1)], nil),
      "two pictures and turns": (
        [
          Turn(question: "What are these?", pictures: 2, answer: "Rings"), Turn(question: "Which colour?", pictures: 0),
        ],
        nil
      ),
      "video": ([Turn(question: "What happens?", pictures: [.video])], nil),
      "picture and video": ([Turn(question: "Is it the same?", pictures: [.image, .video])], nil),
      "later picture": (
        [Turn(question: "Hello", pictures: 0, answer: "Hello."), Turn(question: "And this?", pictures: 1)], nil
      ),
      "system": ([Turn(question: "What is this?", pictures: 1)], "Be brief."),
    ]
    #expect(Set(conversations.keys) == Set(goldens.prompts.keys))
    for (name, conversation) in conversations {
      let text = template.template.text(turns: conversation.turns, system: conversation.system) {
        "<|vision_start|><|\($0)_pad|><|vision_end|>"
      }
      #expect(text == goldens.prompts[name], "\(name)")
    }
  }
}

/// A folder with a published configuration, its processor's and its template's file, small sizes and made-up weights.
private struct PublishedCheckpoint {
  let folder: String

  init(_ golden: PublishedQwen.Checkpoint, of goldens: PublishedQwen, in folder: String) throws {
    self.folder = folder
    let published = try #require(Fixtures.sharedData).appending(path: "published")
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    func copy(_ url: URL, as name: String) throws {
      try FileManager.default.copyItem(at: url, to: URL(filePath: "\(folder)/\(name)"))
    }
    try copy(
      published.appending(path: golden.processor),
      as: try #require(golden.processor.split(separator: "/").last).description)
    try copy(Fixtures.model(goldens.tokenizer).appending(path: "tokenizer.json"), as: "tokenizer.json")
    try copy(Fixtures.model(goldens.tokenizer).appending(path: "generation_config.json"), as: "generation_config.json")
    if !golden.isQwen3 { try copy(published.appending(path: goldens.template), as: "chat_template.json") }
    try copy(published.appending(path: golden.folder).appending(path: "config.json"), as: "config.json")
    try BrokenCheckpoint(folder: folder).edit("config.json") { Self.shrink(&$0, by: goldens) }

    var writer = TensorWriter()
    for tensor in golden.tensors {
      writer.add(tensor.name, shape: tensor.shape, Self.values(of: tensor))
    }
    try writer.write(to: "\(folder)/model.safetensors")
  }

  /// As `smaller` in qwen_published.py: only sizes and token ids change, and only where the file has them.
  private static func shrink(_ configuration: inout [String: Any], by goldens: PublishedQwen) {
    func replace(_ values: [String: Int], in part: inout [String: Any]) {
      for (key, value) in values where part[key] != nil { part[key] = value }
    }
    if var text = configuration["text_config"] as? [String: Any] {
      replace(goldens.textSizes, in: &text)
      replace(goldens.ids, in: &text)
      configuration["text_config"] = text
    } else {
      replace(goldens.textSizes, in: &configuration)
    }
    replace(goldens.ids, in: &configuration)
    configuration["image_token_id"] = goldens.ids["image_token_id"]
    var vision = configuration["vision_config"] as? [String: Any] ?? [:]
    replace(goldens.visionSizes, in: &vision)
    // In Qwen2-VL's vision part this is the decoder's width.
    vision["hidden_size"] =
      vision["embed_dim"] == nil ? goldens.visionSizes["embed_dim"] : goldens.textSizes["hidden_size"]
    configuration["vision_config"] = vision
  }

  /// As `weight` in qwen_published.py: norms about 1, small biases, and the rest by what it adds up.
  private static func values(of tensor: PublishedQwen.Tensor) -> [Float] {
    let seed = tensor.name.utf8.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
    var numbers = TestNumbers(seed: seed)
    let uniform = (0..<tensor.shape.reduce(1, *)).map { _ in numbers.next() }
    guard tensor.shape.count > 1 else {
      return uniform.map { tensor.name.hasSuffix("weight") ? 0.75 + 0.5 * $0 : 0.4 * ($0 - 0.5) }
    }
    let scale = Float(1.7 * (3 / Double(tensor.shape.dropFirst().reduce(1, *))).squareRoot())
    return uniform.map { scale * (2 * $0 - 1) }
  }
}
