import Language
import Pruning
import TestSupport
import Testing

@testable import VLM

@Suite struct `A conversation` {
  static let options = GenerationOptions(maxNewTokens: 8)
  static let first = "What colour is the ring?"
  static let second = "And where is the star?"

  /// Logits computed after a reused beginning differ from a whole prefill by the order of a few sums.
  private func expectSame(_ reused: ShownAnswer, _ fresh: ShownAnswer, _ label: String) {
    expectClose(
      actual: reused.firstLogits, expected: fresh.firstLogits, tolerance: Tolerances.logits, label: label)
    #expect(reused.generated == fresh.generated && reused.text == fresh.text, "\(label)")
    #expect(reused.promptLength == fresh.promptLength, "\(label)")
  }

  /// The second question with its history as one prompt, in a conversation of its own.
  private func fresh(
    _ model: VisionLanguageModel, after answer: ShownAnswer, setting: PruningSetting, file: String = "tiny-wide.png"
  ) throws -> ShownAnswer {
    let text = VicunaPrompt().text(
      turns: [
        Turn(question: Self.first, pictures: 1, answer: answer.text), Turn(question: Self.second, pictures: 0),
      ], system: nil, image: "<image>")
    return try model.answer(text, about: [file], setting: setting, newTokens: 8, rawPrompt: true)
  }

  @Test(arguments: TestModel.names, ["all", "5"])
  func `answers a second question as a fresh one would`(_ name: String, keep: String) throws {
    let model = try TestModel.load(name)
    let setting = try TestModel.setting("fopru", keep: keep)
    var conversation = Conversation(model: model, setting: setting)
    let one = try conversation.show(
      Self.first, newPictures: [try model.picture("tiny-wide.png")], options: Self.options)
    let two = try conversation.show(Self.second, options: Self.options)
    expectSame(two, try fresh(model, after: one, setting: setting), "\(name), keep \(keep)")
  }

  @Test func `answers anew when its setting changes`() throws {
    let model = try TestModel.load("tiny-classic")
    var conversation = Conversation(model: model, setting: try TestModel.setting("uniform", keep: "9"))
    let one = try conversation.show(
      Self.first, newPictures: [try model.picture("tiny-wide.png")], options: Self.options)
    let setting = try TestModel.setting("uniform", keep: "8")
    conversation.change(setting)
    let two = try conversation.show(Self.second, options: Self.options)
    #expect(one.keptTokens == 9 && two.keptTokens == 8)
    expectSame(two, try fresh(model, after: one, setting: setting), "changed")
  }

  @Test func `with as many tokens of other patches does not reuse the old ones`() throws {
    let model = try TestModel.load("tiny-classic")
    var conversation = Conversation(model: model, setting: try TestModel.setting("uniform", keep: "9"))
    let one = try conversation.show(
      Self.first, newPictures: [try model.picture("tiny-wide.png")], options: Self.options)
    let setting = try TestModel.setting("random", keep: "9", seed: 3)
    conversation.change(setting)
    let two = try conversation.show(Self.second, options: Self.options)
    expectSame(two, try fresh(model, after: one, setting: setting), "another strategy")
  }

  @Test func `starts again with another picture`() throws {
    let model = try TestModel.load("tiny-classic")
    let setting = try TestModel.setting("hiprune", keep: "9")
    var conversation = Conversation(model: model, setting: setting)
    _ = try conversation.show(
      Self.first, newPictures: [try model.picture("tiny-wide.png")], options: Self.options)
    conversation.restart()
    let again = try conversation.show(
      Self.first, newPictures: [try model.picture("tiny-square.png")], options: Self.options)
    let fresh = try model.answer(Self.first, about: ["tiny-square.png"], setting: setting, newTokens: 8)
    expectSame(again, fresh, "another picture")
  }

  @Test func `about two pictures reads each in its place`() throws {
    let model = try TestModel.load("tiny-classic")
    let files = ["tiny-wide.png", "tiny-square.png"]
    let setting = try TestModel.setting("fastervlm", keep: "7")
    func projected(_ files: [String]) throws -> (answer: ShownAnswer, rows: [Float], ids: [Int]) {
      let inspection = Inspection()
      let answer = try model.answer(about: files, setting: setting, inspection: inspection)
      let rows = try #require(inspection.tensors.first { $0.name == "projected" })
      let ids = try #require(inspection.tensors.first { $0.name == "prompt.input_ids" }?.integers)
      #expect(rows.shape == [7 * files.count, model.decoder.configuration.width])
      return (answer, rows.floats, ids)
    }
    let both = try projected(files)
    let apart = try files.map { try projected([$0]) }
    #expect(both.rows == apart[0].rows + apart[1].rows)
    #expect(both.answer.visual.count == 2 && both.answer.keptTokens == 14 && both.answer.visualTokens == 50)
    #expect(both.ids.count { $0 == model.imageToken } == 50 && apart[0].ids.count { $0 == model.imageToken } == 25)
    let swapped = try projected(files.reversed())
    #expect(swapped.rows == apart[1].rows + apart[0].rows && swapped.answer.firstLogits != both.answer.firstLogits)
  }

  @Test func `takes a picture later than the first question`() throws {
    let model = try TestModel.load("tiny-classic")
    let setting = try TestModel.setting("uniform", keep: "6")
    var conversation = Conversation(model: model, setting: setting)
    let one = try conversation.show(
      Self.first, newPictures: [try model.picture("tiny-wide.png")], options: Self.options)
    let two = try conversation.show(
      Self.second, newPictures: [try model.picture("tiny-square.png")], options: Self.options)
    let text = VicunaPrompt().text(
      turns: [
        Turn(question: Self.first, pictures: 1, answer: one.text), Turn(question: Self.second, pictures: 1),
      ], system: nil, image: "<image>")
    let fresh = try model.answer(
      text, about: ["tiny-wide.png", "tiny-square.png"], setting: setting, newTokens: 8, rawPrompt: true)
    expectSame(two, fresh, "a second picture")
  }

  @Test func `streams the pieces of its answer and counts its tokens`() throws {
    let model = try TestModel.load("tiny-classic")
    for limit in [1, 2, 20] {
      var conversation = Conversation(model: model, setting: try TestModel.setting())
      var pieces = ""
      let answer = try conversation.ask(
        Self.first, newPictures: [try model.picture("tiny-wide.png")],
        options: GenerationOptions(maxNewTokens: limit)
      ) { pieces += $0 }
      #expect(pieces == answer.text && answer.generated.count == limit && answer.finishReason == .length)
    }
  }

  @Test func `refuses an empty question and placeholders that do not fit`() throws {
    let model = try TestModel.load("tiny-classic")
    let setting = try TestModel.setting()
    for question in ["", " \n\t"] {
      guard case .emptyQuestion? = vlmError({ _ = try model.answer(question, setting: setting) }) else {
        Issue.record("\"\(question)\" was answered")
        continue
      }
    }
    for (text, found) in [("USER: hello ASSISTANT:", 0), ("USER: <image><image> ASSISTANT:", 2)] {
      let error = vlmError { _ = try model.answer(text, setting: setting, rawPrompt: true) }
      guard case .placeholders(found, 1, "<image>")? = error else {
        Issue.record("\(text): \(String(describing: error))")
        continue
      }
    }
  }
}
