import Basics
import Language
import Pruning
import TestSupport
import Testing

@testable import VLM

@Suite struct `A picture at high resolution` {
  @Test(arguments: ViewModel.next)
  func `is sent as one that is not pruned under every strategy when everything is kept`(_ name: String) throws {
    let model = try TestModel.load(name)
    let dense = try model.answer(setting: try TestModel.setting())
    let total = dense.visualTokens
    for strategy in StrategyCatalogue.standard.names where !StrategyLists.comparing.contains(strategy) {
      for budget in ["100%", "\(total)"] {
        let answer = try model.answer(setting: try TestModel.setting(strategy, keep: budget))
        #expect(answer.isIdentical(to: dense), "\(strategy), keep \(budget)")
      }
    }
  }

  @Test(arguments: [0.25, 0.5], ["tiny-wide.png", "tiny-tall.png", "tiny-thread.png"])
  func `keeps at most the budget in equal shares, and sums are exact`(_ ratio: Double, _ file: String) throws {
    let model = try TestModel.load("tiny-next-mistral")
    for strategy in StrategyLists.equal {
      let answer = try model.answer(
        about: [file], setting: try TestModel.setting(strategy, keep: "\(ratio)"), newTokens: 1)
      let rows = answer.visual[0]
      let kept = rows.plan.views.map(\.rows)
      #expect(rows.total == 25 * kept.count && rows.kept == kept.reduce(0, +), "\(strategy)")
      let extra = strategy == "hiprune++" ? 1.2 : 1
      #expect(Double(rows.kept) <= ratio * Double(rows.total) * extra, "\(strategy)")
      if strategy != "globalcom2" { #expect(Set(kept).count == 1, "\(strategy): \(kept)") }
    }
  }

  @Test func `may keep its unpadding and newlines`() throws {
    let model = try TestModel.load("tiny-next-vicuna")
    var setting = try TestModel.setting("fastervlm", keep: "50%")
    let spatial = try model.answer(setting: setting, newTokens: 1).visual[0]
    setting.packing = .unpadded
    let unpadded = try model.answer(setting: setting, newTokens: 1).visual[0]
    // 97×61 on 8×8 tokens: five rows are the picture's, rounded to six because padding is symmetric.
    #expect(spatial.plan.sequence.count { $0 == .separator } == 0)
    #expect(unpadded.plan.sequence.count { $0 == .separator } == 6 && unpadded.plan.sequence.last == .separator)
    #expect(spatial.kept == 40 && unpadded.kept < 40)
    #expect(unpadded.plan.views[0] == spatial.plan.views[0])
    for (view, plan) in unpadded.plan.views.enumerated() {
      #expect(Set(plan.anchors).isSubset(of: spatial.plan.views[view].anchors))
    }
    #expect(unpadded.rows.rows == unpadded.kept + 6)
  }

  @Test func `takes a fixed grid`() throws {
    let model = try TestModel.load("tiny-next-vicuna")
    let bytes = try readFile(Fixtures.image("tiny-panorama.png").path)
    let grid = Grid(rows: 2, columns: 2)
    let picture = try model.picture(bytes, file: "panorama", options: .init(grid: grid))
    #expect(picture.layout == .thumbnailAndCrops(grid) && picture.views.count == 5)
    var conversation = Conversation(model: model, setting: try TestModel.setting("globalcom2", keep: "20%"))
    let answer = try conversation.show("Is it wide?", newPictures: [picture], options: .init(maxNewTokens: 1))
    #expect(answer.visualTokens == 80 && answer.visual[0].plan.views.count == 5)
    #expect(answer.visual[0].plan.sequence.count { $0 == .separator } == 8)
    let classic = try TestModel.load("tiny-classic")
    guard case .noCrops("llava")? = vlmError({ _ = try classic.picture(bytes, file: "x", options: .init(grid: grid)) })
    else {
      Issue.record("a grid was accepted by a model without crops")
      return
    }
  }

  @Test func `of no height left between the padding is a thumbnail alone`() throws {
    let model = try TestModel.load("tiny-next-vicuna")
    for file in ["tiny-thread.png"] {
      let dense = try model.answer(about: [file], setting: try TestModel.setting(), newTokens: 1).visual[0]
      #expect(dense.kept == 16 && dense.rows.rows == 16)
      let setting = try TestModel.setting("globalcom2(newlines=kept)", keep: "50%")
      let pruned = try model.answer(about: [file], setting: setting, newTokens: 1).visual[0]
      #expect(pruned.kept == 8 && pruned.rows.rows == 8)
    }
  }

  @Test func `does not starve another one beside it`() throws {
    let model = try TestModel.load("tiny-next-llama3")
    let files = ["tiny-panorama.png", "tiny-speck.png", "tiny-exact.png"]
    for strategy in ["globalcom2", "hiprune", "random"] {
      let setting = try TestModel.setting(strategy, keep: "12")
      let answer = try model.answer(about: files, setting: setting, newTokens: 1)
      for (file, rows) in zip(files, answer.visual) {
        let alone = try model.answer(about: [file], setting: setting, newTokens: 1).visual[0]
        #expect(rows.plan == alone.plan && rows.rows == alone.rows, "\(strategy), \(file)")
        #expect(rows.kept >= 5 && rows.kept <= 12, "\(strategy), \(file)")
      }
      #expect(answer.keptTokens == answer.visual.reduce(0) { $0 + $1.kept })
    }
  }

  @Test func `is answered about a second time as a fresh conversation would`() throws {
    let model = try TestModel.load("tiny-next-vicuna")
    for (strategy, keep) in [("none", "all"), ("globalcom2", "40%"), ("fastervlm", "25%")] {
      let setting = try TestModel.setting(strategy, keep: keep)
      var conversation = Conversation(model: model, setting: setting)
      let options = GenerationOptions(maxNewTokens: 8)
      let one = try conversation.show(
        "Is it red?", newPictures: [try model.picture("tiny-tall.png")], options: options)
      let two = try conversation.show(
        "And this?", newPictures: [try model.picture("tiny-panorama.png")], options: options)
      let text = VicunaPrompt().text(
        turns: [
          Turn(question: "Is it red?", pictures: 1, answer: one.text), Turn(question: "And this?", pictures: 1),
        ], system: nil, image: "<image>")
      let fresh = try model.answer(
        text, about: ["tiny-tall.png", "tiny-panorama.png"], setting: setting, newTokens: 8, rawPrompt: true)
      expectClose(
        actual: two.firstLogits, expected: fresh.firstLogits, tolerance: Tolerances.logits, label: strategy)
      #expect(two.generated == fresh.generated && two.promptLength == fresh.promptLength, "\(strategy)")
    }
  }

  @Test func `stands where its placeholder stands in an interleaved prompt`() throws {
    let model = try TestModel.load("tiny-next-mistral")
    let files = ["tiny-speck.png", "tiny-wide.png"]
    let prompt = "[INST] First <image> then <image> which is larger? [/INST]"
    let inspection = Inspection()
    let answer = try model.answer(
      prompt, about: files, setting: try TestModel.setting(), newTokens: 1, rawPrompt: true, inspection: inspection)
    let ids = try #require(inspection.tensors.first { $0.name == "prompt.input_ids" }?.integers)
    let runs = ids.split { $0 != model.imageToken }.map(\.count)
    // 5×4 on one crop of 5×5 tokens: 25 of the thumbnail, and five rows (padding is symmetric) of 5 with their
    // newlines.
    #expect(runs == answer.visual.map(\.unprunedLength) && runs[0] == 25 + 5 * 6)
    let text = ids.filter { $0 != model.imageToken }
    #expect(text == model.tokenizer.encode(prompt).filter { $0 != model.imageToken })
    let swapped = try model.answer(
      prompt, about: files.reversed(), setting: try TestModel.setting(), newTokens: 1, rawPrompt: true)
    #expect(swapped.firstLogits != answer.firstLogits)
  }

  @Test func `numbers positions within the unpruned sequence when they are kept`() throws {
    let model = try TestModel.load("tiny-next-vicuna")
    for file in ["tiny-wide.png", "tiny-tall.png", "tiny-thread.png"] {
      for strategy in StrategyLists.plain {
        let setting = try TestModel.setting(strategy, keep: "40%", positions: .original)
        let rows = try model.answer(about: [file], setting: setting, newTokens: 1).visual[0]
        #expect(rows.originalPlaces.count == rows.rows.rows, "\(strategy), \(file)")
        #expect(rows.originalPlaces.allSatisfy((0..<rows.unprunedLength).contains), "\(strategy), \(file)")
      }
    }
  }

  @Test func `is checked against the budget of its own views`() throws {
    let model = try TestModel.load("tiny-next-vicuna")
    // 80 tokens in five views; a panorama has 64 in four.
    #expect(vlmError { try model.check(try TestModel.setting("hiprune", keep: "80")) } == nil)
    #expect(vlmError { try model.check(try TestModel.setting("hiprune", keep: "81")) }?.isUsageError == true)
    // A fixed grid decides instead.
    let setting = try TestModel.setting("hiprune", keep: "81")
    #expect(vlmError { try model.check(setting, options: .init(grid: Grid(rows: 3, columns: 3))) } == nil)
    #expect(
      vlmError { try model.check(setting, options: .init(grid: Grid(rows: 1, columns: 1))) }?.isUsageError == true)
    let error = vlmError {
      _ = try model.answer(about: ["tiny-panorama.png"], setting: try TestModel.setting("hiprune", keep: "70"))
    }
    guard case .pruning(.budgetExceedsTotal(count: 70, total: 64))? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
  }
}

@Suite struct `Prompts of LLaVA-NeXT` {
  private let turns = [
    Turn(question: "What?", pictures: 2, answer: "This."), Turn(question: "Why?", pictures: 0),
  ]

  @Test func `are those of the decoder`() {
    #expect(
      VicunaPrompt().text(turns: turns, system: "Be kind.", image: "<image>")
        == "Be kind. USER: <image>\n<image>\nWhat? ASSISTANT: This. USER: Why? ASSISTANT:")
    #expect(
      MistralPrompt().text(turns: turns, system: "Be kind.", image: "<image>")
        == "<<SYS>>\nBe kind.\n<</SYS>>\n\n[INST] <image>\n<image>\nWhat? [/INST] This.</s> [INST] Why? [/INST]")
    #expect(
      Llama3Prompt().text(turns: turns, system: "Be kind.", image: "<image>")
        == "<|start_header_id|>system<|end_header_id|>\n\nBe kind.<|eot_id|>"
        + "<|start_header_id|>user<|end_header_id|>\n\n<image>\n<image>\nWhat?<|eot_id|>"
        + "<|start_header_id|>assistant<|end_header_id|>\n\nThis.<|eot_id|>"
        + "<|start_header_id|>user<|end_header_id|>\n\nWhy?<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n")
  }

  @Test func `with more images than placeholders are refused`() throws {
    let model = try TestModel.load("tiny-next-mistral")
    for (text, found) in [("[INST] <image>\nBoth? [/INST]", 1), ("[INST] Both? [/INST]", 0)] {
      let error = vlmError {
        _ = try model.answer(
          text, about: ["tiny-wide.png", "tiny-square.png"], setting: try TestModel.setting(), rawPrompt: true)
      }
      guard case .placeholders(found, 2, "<image>")? = error else {
        Issue.record("\(text): \(String(describing: error))")
        continue
      }
    }
  }
}
