import Checkpoint
import Foundation
import Kernels
import Pruning
import TestSupport
import Testing
import ViT

@testable import VLM

/// Goldens are transformers' CLIPModel on a tiny checkpoint (fixtures/generate/clip_text.py).
@Suite struct `CLIP's text tower beside a model` {
  private let golden: Golden
  private let texts: [String]
  private let tower: TextTower
  private let workers = Workers(count: 2)

  init() throws {
    golden = try Golden(Fixtures.url("golden/clip/text.safetensors").path)
    texts = try JSONDecoder().decode([String].self, from: Data(try #require(golden.metadata["texts"]).utf8))
    tower = try TextTower(folder: Fixtures.model("tiny-clip").path)
  }

  @Test func `segments of a text are transformers' text embeddings`() throws {
    for (index, text) in texts.enumerated() {
      let rows = tower.segments(of: text, workers: workers)
      try golden.expect(rows.values, "segments.\(index)", tolerance: Tolerances.blocks)
      #expect([rows.rows, rows.columns] == (try golden.shape("segments.\(index)")))
    }
  }

  @Test func `a text that is too long is cut and keeps the token that ends it`() throws {
    for (index, text) in texts.enumerated() {
      try golden.expect(
        tower.whole(text, workers: workers).values, "whole.\(index)", tolerance: Tolerances.blocks)
    }
  }

  @Test func `a tower's rows are normed and projected`() throws {
    let shape = try golden.shape("rows")
    let rows = Matrix(rows: shape[0], columns: shape[1], values: try golden.floats("rows"))
    try golden.expect(
      tower.space.project(rows, workers: workers).values, "projected", tolerance: Tolerances.blocks)
  }

  @Test func `a tensor that is missing, or one too many, is named`() throws {
    for (change, expected) in [("drop", "text_projection.weight"), ("add", "surplus.weight")] {
      try withTemporaryFolder { folder in
        let source = Fixtures.model("tiny-clip")
        try FileManager.default.copyItem(
          at: source.appending(path: "config.json"), to: URL(filePath: folder).appending(path: "config.json"))
        let file = try TensorFile(path: source.appending(path: "model.safetensors").path)
        var writer = TensorWriter(metadata: [:])
        for (name, entry) in file.entries where change != "drop" || name != expected {
          writer.add(name, shape: entry.shape, try file.floats(name).values)
        }
        if change == "add" { writer.add(expected, shape: [1], [0]) }
        try writer.write(to: folder + "/model.safetensors")
        do {
          _ = try TextTower(folder: folder)
          Issue.record("\(expected) went unseen")
        } catch let error as VLMError {
          #expect(error.message.contains(expected))
        }
      }
    }
  }

  @Test func `a text tower of another vision tower is refused`() throws {
    var model = try TestModel.load("tiny-classic")
    model.textTower = tower
    #expect(throws: VLMError.self) { try model.clipRows(of: [Matrix(rows: 1, columns: 3)]) }
    #expect(try model.clipRows(of: [Matrix(rows: 2, columns: 64)])[0].columns == 10)
  }

  @Test func `words that carry a question's meaning`() {
    #expect(QuestionWords.content(of: "What colour is the ring on the left?") == "colour ring on left")
    #expect(QuestionWords.content(of: "What is this?") == "this")
    #expect(QuestionWords.content(of: "Who is it?") == "Who is it?")
    #expect(
      QuestionWords.content(of: "Is a dog here?\nAnswer the question using a single word or phrase.") == "dog here")
  }
}
