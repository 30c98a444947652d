import Language
import Pruning
import TestSupport
import Testing

@testable import VLM

@Suite struct `A prompt that is longer than the context` {
  /// A question whose prompt, one placeholder included, has at least `length` tokens, and how many it has.
  private func question(_ model: VisionLanguageModel, length: Int) -> (text: String, tokens: Int) {
    var text = "Why"
    while true {
      let prompt = VicunaPrompt().text(turns: [Turn(question: text, pictures: 1)], system: nil, image: "<image>")
      let tokens = model.tokenizer.encode(prompt).count
      if tokens >= length { return (text, tokens) }
      text += " a"
    }
  }

  /// Both: one sends patches only, the other its class token as well.
  @Test(arguments: ["tiny-classic", "tiny-full"])
  func `names both numbers and the largest budget that fits`(_ name: String) throws {
    let model = try TestModel.load(name)
    let context = model.decoder.configuration.contextLength
    let question = question(model, length: context - 8)
    let error = vlmError { _ = try model.answer(question.text, setting: try TestModel.setting("uniform")) }
    guard case .promptTooLong(let tokens, context, let fitting?)? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    let classToken = model.sendsClassToken ? 1 : 0
    #expect(tokens == question.tokens - 1 + model.grid.count + classToken)
    #expect(error?.message.contains("\(tokens)") == true && error?.message.contains("\(context)") == true)
    #expect(error?.hint.contains("--keep \(fitting) ") == true)
    let answer = try model.answer(question.text, setting: try TestModel.setting("uniform", keep: "\(fitting)"))
    #expect(answer.promptLength < context && answer.generated.count >= 1)
    guard
      case .promptTooLong? = vlmError({
        _ = try model.answer(question.text, setting: try TestModel.setting("uniform", keep: "\(fitting + 1)"))
      })
    else {
      Issue.record("\(fitting + 1) would have fitted too")
      return
    }
  }

  @Test func `is refused before a picture is encoded when the text alone is too long`() throws {
    let model = try TestModel.load("tiny-classic")
    let context = model.decoder.configuration.contextLength
    let question = question(model, length: context)
    let inspection = Inspection()
    let error = vlmError {
      _ = try model.answer(question.text, setting: try TestModel.setting("uniform", keep: "1"), inspection: inspection)
    }
    guard case .promptTooLong(question.tokens, context, nil)? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(inspection.encoded.isEmpty)
  }

  @Test(arguments: ["tiny-classic", "tiny-full"])
  func `counts every picture`(_ name: String) throws {
    let model = try TestModel.load(name)
    let context = model.decoder.configuration.contextLength
    let question = question(model, length: context - 14)
    let files = ["tiny-wide.png", "tiny-square.png"]
    let error = vlmError {
      _ = try model.answer(question.text, about: files, setting: try TestModel.setting("uniform"))
    }
    guard case .promptTooLong(_, _, let fitting?)? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    _ = try model.answer(question.text, about: files, setting: try TestModel.setting("uniform", keep: "\(fitting)"))
  }

  @Test(arguments: ["tiny-classic", "tiny-full"])
  func `of text alone has no budget that fits`(_ name: String) throws {
    let model = try TestModel.load(name)
    let question = question(model, length: model.decoder.configuration.contextLength + 1)
    let error = vlmError { _ = try model.answer(question.text, setting: try TestModel.setting()) }
    guard case .promptTooLong(_, _, nil)? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(error?.hint.contains("--keep") == false)
  }

  @Test func `leaves the conversation as it was`() throws {
    let model = try TestModel.load("tiny-classic")
    let setting = try TestModel.setting("uniform", keep: "9")
    let picture = try model.picture("tiny-wide.png")
    let long = question(model, length: model.decoder.configuration.contextLength + 1)
    let options = GenerationOptions(maxNewTokens: 6)
    var conversation = Conversation(model: model, setting: setting)
    do {
      _ = try conversation.show(long.text, newPictures: [picture], options: options)
      Issue.record("a prompt that does not fit was answered")
    } catch {}
    let answer = try conversation.show("What colour is the ring?", newPictures: [picture], options: options)
    #expect(answer.isIdentical(to: try model.answer(setting: setting)))
    #expect(answer.visual.count == 1)
  }

  @Test func `ends an answer where the context ends`() throws {
    let model = try TestModel.load("tiny-full")
    let context = model.decoder.configuration.contextLength
    let question = question(model, length: context - 6)
    let answer = try model.answer(
      question.text, setting: try TestModel.setting("uniform", keep: "1"), newTokens: 100)
    #expect(answer.finishReason == .length && answer.promptLength + answer.generated.count == context + 1)
  }
}
