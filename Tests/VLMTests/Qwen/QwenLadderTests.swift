import Kernels
import Pruning
import TestSupport
import Testing

@testable import VLM

@Suite struct `The ladders of Qwen's models against transformers` {
  @Test func `cover every checkpoint, shape and number of pictures, dense and pruned`() {
    for checkpoint in QwenModel.names {
      let names = LadderFile.files(in: "qwen/\(checkpoint)").map(\.name)
      for needed in ["wide", "scene"] { #expect(names.contains(needed), "\(checkpoint), \(needed)") }
      #expect(names.contains { $0.contains("frames") } && names.contains { $0.contains("+") }, "\(checkpoint)")
      #expect(names.contains { $0.contains("given") } && names.contains { $0.contains("hiprune") }, "\(checkpoint)")
    }
    let names = QwenLadder.files.map(\.name)
    for shape in ["tall", "panorama", "speck", "thread"] { #expect(names.count { $0 == shape } >= 2, "\(shape)") }
    #expect(names.count { $0.hasPrefix("frames5") } >= 3 && names.count { $0.contains("fopru") } == 2)
  }

  @Test(arguments: QwenLadder.files)
  func `hold in every rung, from pixels to 24 greedy tokens`(_ file: LadderFile) throws {
    let rungs = try LadderFile.Rungs(file)
    let facts = rungs.own.metadata
    let model = try TestModel.load(try #require(facts["model"]))
    let seconds = try #require(facts["seconds"].flatMap(Double.init))
    let pictures = try #require(facts["pictures"]).split(separator: ",").map {
      try QwenLadder.picture(String($0), for: model, seconds: seconds)
    }
    let spec = try #require(facts["strategy"])
    var setting = try TestModel.setting(
      spec == "given" ? "none" : spec, keep: try #require(facts["keep"]), positions: .original)
    if spec == "given" { setting.strategy = GivenTokens(try rungs.own.integers("plan.kept"), of: pictures) }

    // Goldens with every block have every block's evidence too.
    let blocks = rungs.names.filter { $0.hasPrefix("received.") }.count
    let kinds = (0..<blocks).map { EvidenceKind.attentionReceived(layer: $0, queries: .all) }
    let inspection = Inspection(.init(evidence: Evidence(kinds)))
    var conversation = Conversation(model: model, setting: setting)
    let answer = try conversation.show(
      try #require(facts["question"]), newPictures: pictures, options: GenerationOptions(maxNewTokens: 24),
      inspection: inspection)

    let found = QwenLadder.rungs(of: inspection)
    guard try rungs.expect(found, in: file.name, towerBlocks: Tolerances.qwenBlocks) else { return }
    let text = try #require(facts["answer"]).trimmingCharacters(in: .whitespacesAndNewlines)
    #expect(answer.finishReason == .stop ? text.hasPrefix(answer.text) : answer.text == text)
    let grids = pictures.flatMap { model.family.describe($0, packing: .spatial).grids }
    #expect(grids.map { "\($0.rows)x\($0.columns)" }.joined(separator: ",") == facts["grids"])
    #expect(answer.keptTokens == (try rungs.own.integers("plan.kept")).count)
  }
}
