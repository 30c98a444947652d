import Foundation
import Pruning
import TestSupport
import Testing

@testable import VLM

/// A question under a method inside the decoder, with what `fixtures/generate/decoder_ladder.py` makes of transformers'
/// own embeddings.
struct InsideDecoderCase: Decodable, Sendable, CustomTestStringConvertible {
  struct Cut: Decodable, Sendable {
    let block: Int
    let kept: [Int]
    let merged: [[Int]]
  }

  let model: String
  let picture: String
  let question: String
  let spec: String
  let keep: String
  /// Visual rows of each block.
  let rows: [Int]
  let cuts: [Cut]
  let generatedIds: [Int]
  var testDescription: String { "\(model), \(spec) keeping \(keep)" }

  static var golden: Golden? { try? Golden(Fixtures.url("golden/decoder/ladder.safetensors").path) }
  static let all: [InsideDecoderCase] = {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    let text = golden?.metadata["cases"] ?? ""
    return (try? decoder.decode([InsideDecoderCase].self, from: Data(text.utf8))) ?? []
  }()
}

@Suite struct `Whole models under methods inside the decoder` {
  private let options = GenerationOptions(maxNewTokens: 16)
  private let question = "What colour is the ring?"

  @Test func `there are cases of every method, on LLaVA and on Qwen`() {
    let all = InsideDecoderCase.all
    for name in DecoderPruningCatalogue.standard.names {
      #expect(all.contains { $0.spec == name || $0.spec.hasPrefix("\(name)(") }, "\(name)")
    }
    #expect(all.contains { $0.model.contains("qwen") } && all.count == 11)
  }

  @Test(arguments: InsideDecoderCase.all.indices)
  func `kept rows of each block, first logits and tokens`(_ index: Int) throws {
    let example = InsideDecoderCase.all[index]
    let model = try TestModel.load(example.model)
    let inspection = Inspection()
    let answer = try model.answer(
      example.question, about: [example.picture], setting: try TestModel.setting(example.spec, keep: example.keep),
      newTokens: 16, inspection: inspection)
    for cut in example.cuts {
      let block = "0\(cut.block)"
      #expect(inspection["plan.kept.\(block)"]?.integers == cut.kept)
      #expect(inspection["plan.merged.\(block)"]?.integers ?? [] == cut.merged.flatMap { $0 })
    }
    #expect(answer.keptPerBlock == example.rows)
    let text = answer.promptLength - example.rows[0]
    for (block, rows) in example.rows.enumerated() {
      #expect(inspection["decoder.block.0\(block)"]?.shape[0] == rows + text)
    }
    try #require(InsideDecoderCase.golden).expect(
      answer.firstLogits, "golden.\(index).logits", tolerance: Tolerances.logits)
    // The reference does not stop at an end token.
    #expect(answer.generated == Array(example.generatedIds.prefix(answer.generated.count)))
    #expect(answer.finishReason == .stop || answer.generated.count == 16)
  }

  @Test(arguments: [
    ("fastv(layer=1)", "tiny-classic"), ("pyramiddrop(blocks=1/2)", "tiny-classic"), ("fastv", "tiny-qwen2-vl-a"),
    ("sparsevlm(blocks=0/1/2)", "tiny-grouped"), ("sparsevlm+(blocks=0/1/2)", "tiny-grouped"),
    ("dart(layer=1)", "tiny-classic"), ("dart", "tiny-qwen2-vl-a"),
  ])
  func `keeping everything is the dense answer, bit for bit`(_ spec: String, name: String) throws {
    let model = try TestModel.load(name)
    let dense = try model.answer(setting: try TestModel.setting())
    for keep in ["all", "100%", "\(dense.visualTokens)"] {
      let answer = try model.answer(setting: try TestModel.setting(spec, keep: keep))
      #expect(answer.isIdentical(to: dense), "keep \(keep)")
      #expect(answer.keptPerBlock == nil && answer.keptTokens == dense.visualTokens)
    }
  }

  @Test(arguments: ["fastv(layer=1)", "pyramiddrop(blocks=1/2)"], ["tiny-classic", "tiny-qwen2-vl-a"])
  func `a question after a pruned one equals a fresh one`(_ spec: String, name: String) throws {
    let model = try TestModel.load(name)
    let setting = try TestModel.setting(spec, keep: "60%")
    let picture = try model.picture("tiny-wide.png")
    for later in [setting, try TestModel.setting(), try TestModel.setting("uniform", keep: "5")] {
      var conversation = Conversation(model: model, setting: setting)
      _ = try conversation.show("Where is the small star?", newPictures: [picture], options: options)
      conversation.change(later)
      conversation.forgetTurns()
      let second = try conversation.show(question, options: options)
      let fresh = try model.answer(question, setting: later, newTokens: 16)
      #expect(second.isIdentical(to: fresh) && second.keptTokens == fresh.keptTokens)
    }
  }

  @Test func `a strategy may come before a method inside the decoder`() throws {
    let model = try TestModel.load("tiny-grouped")
    let between = try model.answer(setting: try TestModel.setting("hiprune", keep: "20"), newTokens: 16)
    let same = try model.answer(
      setting: try TestModel.setting("hiprune(keep=20) + fastv(layer=1)", keep: "20"), newTokens: 16)
    #expect(same.isIdentical(to: between) && same.keptPerBlock == nil)
    let joined = try model.answer(
      setting: try TestModel.setting("hiprune(keep=20) + fastv(layer=1)", keep: "10"), newTokens: 16)
    // Block 0 runs on 20 rows; the other three on ⌊(4·10 − 20) / 3⌋.
    #expect(joined.keptPerBlock == [20, 6, 6, 6])
    #expect(joined.sentTokens == 20 && joined.keptTokens == 10)
    #expect(joined.plans[0].keptTokens == between.plans[0].keptTokens)
    #expect(joined.strategy.description.hasPrefix("hiprune(keep=20, alpha=0.1, "))
    #expect(joined.strategy.description.hasSuffix(" + fastv(layer=1, budget=average)"))
  }

  @Test func `impossible budgets and blocks are refused before a picture is read`() throws {
    let model = try TestModel.load("tiny-classic")
    func refusal(_ spec: String, _ keep: String) -> PruningError? {
      let error = vlmError { try model.check(try TestModel.setting(spec, keep: keep)) }
      if case .pruning(let reason)? = error { return reason }
      return nil
    }
    // One row left after the first of three blocks: ⌈(25 + 2) / 3⌉.
    #expect(refusal("fastv(layer=1)", "8") == .budgetBelowSchedule(.count(8), strategy: "fastv", smallest: 9))
    #expect(refusal("fastv(layer=1)", "9") == nil)
    #expect(refusal("fastv(layer=3)", "9") == .cutOutsideDecoder(block: 3, strategy: "fastv", depth: 3))
    #expect(refusal("fastv(layer=1)", "26") == .budgetExceedsTotal(count: 26, total: 25))
    let sent = vlmError {
      _ = try model.answer(setting: try TestModel.setting("uniform(keep=8) + fastv(layer=1)", keep: "9"))
    }
    guard case .pruning(.stageBelowBudget(strategy: "uniform", sent: 8, wanted: 9))? = sent else {
      Issue.record("\(String(describing: sent))")
      return
    }
  }
}
