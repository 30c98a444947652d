import Basics
import Foundation
import Pruning
import TestSupport
import Testing

@testable import VLM

/// The bundled native-resolution model against transformers, on pictures of several shapes: trained attention in
/// windows and in whole pictures, without a class token.
@Suite struct `The bundled native-resolution model against transformers` {
  private struct Item {
    let image: String
    let question: String
    let grid: [Int]
    let answer: String
  }

  private func items() throws -> [Item] {
    let golden = try JSONValue(
      parsing: [UInt8](try Data(contentsOf: Fixtures.url("golden/bundled/answers-qwen.json"))))
    return try #require(golden["pictures"]?.elements).map { item in
      Item(
        image: try #require(item["image"]?.string), question: try #require(item["text"]?.string),
        grid: try #require(item["grid"]?.elements).compactMap(\.integer),
        answer: try #require(item["answer"]?.string))
    }
  }

  @Test func `evidence of every block, logits and answers agree`() throws {
    let model = try TestModel.load("shapes-qwen")
    let kinds = (0..<model.towerDescription.depth).map { EvidenceKind.attentionReceived(layer: $0, queries: .all) }
    let items = try items()
    #expect(items.contains { $0.grid[0] < $0.grid[1] } && items.contains { $0.grid[0] > $0.grid[1] })
    for item in items {
      let stem = item.image.dropLast(".png".count)
      let golden = try Golden(Fixtures.url("golden/bundled/qwen.\(stem).safetensors").path)
      let inspection = Inspection(.init(evidence: Evidence(kinds)))
      let answer = try model.answer(
        item.question, about: [item.image], setting: try TestModel.setting(), newTokens: 8, inspection: inspection)
      #expect(answer.text == item.answer, "\(item.image)")
      #expect(answer.visualTokens * 4 == item.grid[0] * item.grid[1])
      try golden.expect(answer.firstLogits, "logits", tolerance: Tolerances.logits)
      let rungs = QwenLadder.rungs(of: inspection)
      for name in golden.file.entries.keys.sorted() where name.hasPrefix("received.") {
        try golden.expect(try #require(rungs[name]).floats, name, tolerance: Tolerances.attentionSums)
      }
    }
  }
}
