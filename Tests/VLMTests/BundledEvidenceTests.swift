import Foundation
import Kernels
import Pruning
import TestSupport
import Testing

@testable import VLM

/// Evidence, features, logits and tokens of the bundled model against transformers: trained attention is far sharper
/// than that of random weights.
@Suite
struct `The bundled model's evidence against transformers` {
  private static let scenes = ["0000", "0001"]

  private func load() throws -> VisionLanguageModel {
    try FamilyCatalogue.load(
      folder: Fixtures.model("shapes-llava").path, name: "shapes-llava", workers: Workers(count: 2))
  }

  @Test(arguments: scenes)
  func `class-token rows and column means of every block, and the features, agree`(scene: String) throws {
    let model = try load()
    let golden = try Golden(Fixtures.url("golden/bundled/\(scene).safetensors").path)
    let layers = 0..<model.towerDescription.depth
    let evidence = Evidence(
      layers.flatMap { [EvidenceKind.classAttention(layer: $0), .attentionReceived(layer: $0, queries: .all)] })
    let bytes = try Data(contentsOf: Fixtures.url("questions/scenes/\(scene).png"))
    let encoded = try model.encode(
      try model.picture([UInt8](bytes), file: scene), evidence: evidence)
    try golden.expect(encoded.features.flatMap(\.values), "vision.features", tolerance: Tolerances.blocks)
    let view = encoded.evidence[0]
    for layer in layers {
      let number = layer < 10 ? "0\(layer)" : "\(layer)"
      let row = try #require(view[.classAttention(layer: layer)]?.matrix)
      try golden.expect(row.values, "class_attention.\(number)", tolerance: Tolerances.attention)
      let received = try #require(view[.attentionReceived(layer: layer, queries: .all)]?.vector)
      let means = received.map { Float($0 / Double(model.grid.count + 1)) }
      try golden.expect(means, "column_means.\(number)", tolerance: Tolerances.attention)
    }
  }

  @Test(arguments: scenes)
  func `logits and greedy tokens agree`(scene: String) throws {
    let model = try load()
    let golden = try Golden(Fixtures.url("golden/bundled/\(scene).safetensors").path)
    let bytes = try Data(contentsOf: Fixtures.url("questions/scenes/\(scene).png"))
    let setting = PruningSetting(strategy: try StrategyCatalogue.standard.make(parsing: "none"), budget: .all)
    var conversation = Conversation(model: model, setting: setting)
    let answer = try conversation.show(
      try #require(golden.metadata["question"]),
      newPictures: [try model.picture([UInt8](bytes), file: scene)], options: GenerationOptions(maxNewTokens: 32))
    try golden.expect(answer.firstLogits, "logits", tolerance: Tolerances.logits)
    #expect(answer.generated == (try golden.integers("generated_ids")))
  }
}
