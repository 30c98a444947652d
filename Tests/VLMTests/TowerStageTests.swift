import Kernels
import Pruning
import TestSupport
import Testing

@testable import VLM

@Suite struct `A method inside the tower before other stages` {
  private func pruningError(_ body: () throws -> Void) -> PruningError? {
    if case .pruning(let error)? = vlmError(body) { return error }
    return nil
  }

  @Test func `each stage has its share, and the answer says so`() throws {
    let model = try TestModel.load("tiny-grouped")
    let setting = try TestModel.setting("tome(keep=20) + scope + fastv(layer=1)", keep: "8")
    let inspection = Inspection()
    let answer = try model.answer(setting: setting, newTokens: 4, inspection: inspection)
    // Twice 8 reach the decoder: block 0 runs on 16, the others on ⌊(4·8 − 16) / 3⌋.
    #expect(answer.keptPerBlock == [16, 5, 5, 5] && answer.keptTokens == 8)
    #expect(
      answer.record.stages == [
        StageTokens(place: .tower, strategy: "tome", tokens: 20),
        StageTokens(place: .between, strategy: "scope", tokens: 16),
        StageTokens(place: .decoder, strategy: "fastv", tokens: 8),
      ])
    #expect(inspection["plan.tokens"]?.integers?.last == 20)
    // What is sent are places of tokens that left the tower.
    let kept = try #require(inspection["plan.kept"]?.integers)
    #expect(kept.count == 16 && Set(kept).isSubset(of: try #require(inspection["plan.owner"]?.integers)))
    #expect(kept == kept.sorted() && inspection["plan.kept.01"]?.integers?.count == 5)
    // Of a merged token, every patch is a source.
    let sources = answer.plans[0].views[0].sources
    #expect(answer.plans[0].tokens == [36] && sources.count > 16 && Set(sources).count == sources.count)
  }

  @Test(arguments: StrategyLists.plain + ["visionzip", "prunesid", "holov"])
  func `every strategy works on what the tower leaves, or is refused by name`(_ name: String) throws {
    let model = try TestModel.load("tiny-classic")
    for method in ["tome(keep=16)", "evit(keep=16)"] {
      if ["hiprune", "hiprune++", "globalcom2", "downsample"].contains(name) {
        #expect(throws: PruningError.needsGrid(strategy: name, after: String(method.prefix(4)))) {
          _ = try TestModel.setting("\(method) + \(name)", keep: "8")
        }
        continue
      }
      let setting = try TestModel.setting("\(method) + \(name)", keep: "8")
      let answer = try model.answer(setting: setting, newTokens: 2)
      #expect((1...8).contains(answer.keptTokens), "\(name)")
      let same = try model.answer(setting: try TestModel.setting("\(method) + \(name)", keep: "16"), newTokens: 2)
      let tower = try model.answer(setting: try TestModel.setting(String(method.prefix(4)), keep: "16"), newTokens: 2)
      #expect(same.isIdentical(to: tower), "\(name): all that leaves the tower")
    }
  }

  /// Class attention of the feature layer ranks tokens as a reference does which has the whole row at hand.
  @Test func `a strategy between reads the evidence of merged tokens`() throws {
    let model = try TestModel.load("tiny-classic")
    let picture = try model.picture("tiny-wide.png")
    let setting = try TestModel.setting("tome(keep=13) + fastervlm", keep: "5")
    let description = model.family.describe(picture, packing: .spatial)
    let reduction = try #require(try model.reduction(of: description, setting: setting))
    let needed = try model.evidence(for: setting, of: picture)
    let layer = model.towerDescription.featureLayer
    #expect(needed.kinds == [.classAttention(layer: layer)])
    let encoded = try model.encode(picture, reduction: reduction, evidence: needed)
    let attention = try #require(encoded.evidence[0][.classAttention(layer: layer)]?.matrix)
    let best = Ranking.top(5, of: attention.columnMeans()).sorted()
    let reduced = try #require(encoded.reduced)[0]
    let answer = try model.answer(setting: setting, newTokens: 1)
    #expect(answer.plans[0].views[0].anchors == best.map { reduced.tokens[$0].anchor })
    let rows = Matrix(rows: 5, columns: 64, values: best.flatMap { encoded.features[0].row($0) })
    #expect(answer.visual[0].rows == model.family.connect(rows, workers: model.workers))
  }

  @Test func `is not confused by what a conversation knows of the picture`() throws {
    let model = try TestModel.load("tiny-classic")
    let picture = try model.picture("tiny-wide.png")
    let settings = [
      try TestModel.setting(), try TestModel.setting("tome", keep: "12"), try TestModel.setting("tome", keep: "8"),
      try TestModel.setting("evit", keep: "12"), try TestModel.setting("tome(keep=12) + fastervlm", keep: "6"),
      try TestModel.setting("tome(keep=12) + fastv(layer=1)", keep: "8"),
      try TestModel.setting("fastervlm", keep: "12"),
    ]
    let options = GenerationOptions(maxNewTokens: 6, isolatesQuestions: true)
    var conversation = Conversation(model: model, setting: settings[0])
    for (index, place) in [0, 1, 2, 3, 4, 1, 5, 6, 0, 3].enumerated() {
      conversation.change(settings[place])
      conversation.forgetTurns()
      let answer = try conversation.show("What is it?", newPictures: index == 0 ? [picture] : [], options: options)
      var fresh = Conversation(model: model, setting: settings[place])
      let expected = try fresh.show("What is it?", newPictures: [picture], options: options)
      #expect(answer.isIdentical(to: expected) && answer.keptTokens == expected.keptTokens, "\(index)")
    }
  }

  @Test(arguments: StrategyLists.insideTower)
  func `views are reduced one by one, crops come back into their raster`(_ name: String) throws {
    let model = try TestModel.load("tiny-next-vicuna")
    let inspection = Inspection()
    let answer = try model.answer(
      about: ["tiny-wide.png"], setting: try TestModel.setting(name, keep: "50%"), newTokens: 3, inspection: inspection)
    let reduced = try #require(answer.visual[0].reduced)
    #expect(reduced.count > 1 && reduced.allSatisfy { $0.tokens.count == 8 && $0.patches == 16 })
    #expect(answer.keptTokens == 8 * reduced.count)
    let owner = try #require(inspection["plan.owner"]?.integers)
    let kept = try #require(inspection["plan.kept"]?.integers)
    #expect(owner.count == 16 * reduced.count && Set(owner) == Set(kept) && Set(kept).count == kept.count)
    #expect(inspection["plan.tokens"]?.shape == [reduced.count, 4])
    // The thumbnail's tokens first, each in its own view's codes.
    for (view, part) in reduced.enumerated() {
      let codes = Set(owner[view * 16..<(view + 1) * 16])
      #expect(codes.filter { $0 >= 0 }.allSatisfy { (view * 16..<(view + 1) * 16).contains($0) })
      #expect(codes.count == part.tokens.count)
    }
    var unpadded = try TestModel.setting(name, keep: "50%")
    unpadded.packing = .unpadded
    let sent = try model.answer(about: ["tiny-wide.png"], setting: unpadded, newTokens: 3)
    #expect(sent.keptTokens <= answer.keptTokens && sent.visual[0].plan.sequence.contains(.separator))
  }

  @Test func `a video's frames are reduced one by one`() throws {
    let model = try TestModel.load(ViewModel.video)
    let video = try model.video(try ViewModel.sampled(), file: "tiny")
    var conversation = Conversation(model: model, setting: try TestModel.setting("tome", keep: "50%"))
    let answer = try conversation.show("What happens?", newPictures: [video], options: .init(maxNewTokens: 3))
    let reduced = try #require(answer.visual[0].reduced)
    #expect(reduced.count == 8 && Set(reduced.map(\.tokens.count)).count == 1)
    #expect(answer.keptTokens * 2 == answer.visualTokens)
  }

  @Test func `merged rows of the decoder are numbered after those of the tower`() throws {
    let model = try TestModel.load("tiny-grouped")
    let inspection = Inspection()
    _ = try model.answer(
      setting: try TestModel.setting("evit(keep=24) + sparsevlm(blocks=0/1/2)", keep: "40%"), newTokens: 1,
      inspection: inspection)
    let fused = try #require(inspection["plan.owner"]?.integers).filter { $0 < -1 }
    let merged = try #require(inspection["plan.merged.01"]?.integers)
    #expect(fused.min() == -202 && merged.first == -203)
  }

  @Test func `impossible budgets and towers are refused before a picture is read`() throws {
    let model = try TestModel.load("tiny-classic")
    func refusal(_ spec: String, _ keep: String, _ model: VisionLanguageModel) -> PruningError? {
      pruningError { try model.check(try TestModel.setting(spec, keep: keep)) }
    }
    #expect(refusal("tome", "5", model) == nil)
    #expect(
      refusal("tome", "4", model) == .reductionTooDeep(strategy: "tome", count: 4, smallest: 5, patches: 25))
    #expect(refusal("tome", "26", model) == .budgetExceedsTotal(count: 26, total: 25))
    #expect(refusal("evit(blocks=4)", "9", model) != nil && refusal("tome", "adaptive", model) != nil)
    #expect(
      refusal("tome(keep=9) + fastervlm", "12", model)
        == .stageBelowBudget(strategy: "tome", sent: 9, wanted: 12))
    #expect(refusal("tome(keep=9) + cdpruner", "5", model) != nil)
    let qwen = try TestModel.load("tiny-qwen2-vl-a")
    guard case .needsPlainTower("tome", let alternatives)? = refusal("tome", "50%", qwen) else {
      Issue.record("a Qwen tower merges rows")
      return
    }
    #expect(alternatives.contains("hiprune") && !alternatives.contains("evit"))
    let rows = CapabilityMatrix().rows.filter { StrategyLists.insideTower.contains($0.name) }
    #expect(rows.count == 2)
    for row in rows {
      #expect(row.obstacles["llava_next"] == nil && row.obstacles["qwen3_vl"]?.contains("2×2") == true)
    }
  }

  @Test func `original positions are those of the anchors`() throws {
    let model = try TestModel.load("tiny-classic")
    let answer = try model.answer(setting: try TestModel.setting("tome", keep: "9", positions: .original), newTokens: 1)
    #expect(answer.visual[0].originalPlaces == answer.plans[0].views[0].anchors)
  }
}
