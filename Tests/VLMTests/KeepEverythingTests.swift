import Kernels
import Pruning
import TestSupport
import Testing

@testable import VLM

@Suite struct `Keeping everything` {
  /// Every way to say it, for a picture of `total` tokens.
  static func budgets(_ total: Int) -> [String] { ["all", "100%", "1.0", "\(total)"] }

  /// Methods that compare frames are refused on a model of pictures, whatever the budget.
  @Test(
    arguments: StrategyCatalogue.standard.names.filter { !StrategyLists.comparing.contains($0) },
    ["tiny-classic", "tiny-full", "tiny-grouped"])
  func `is the dense model bit for bit, under every strategy`(_ strategy: String, name: String) throws {
    let model = try TestModel.load(name)
    let dense = try model.answer(setting: try TestModel.setting())
    let total = model.grid.count
    for budget in Self.budgets(total) {
      let answer = try model.answer(setting: try TestModel.setting(strategy, keep: budget))
      #expect(answer.isIdentical(to: dense), "\(strategy), keep \(budget)")
      #expect(answer.keptTokens == answer.visualTokens && answer.visualTokens == model.grid.count)
      #expect(answer.visual[0].plan == .dense(of: model.anyImage))
    }
  }

  @Test(arguments: TestModel.names)
  func `makes original positions and renumbered ones the same`(_ name: String) throws {
    let model = try TestModel.load(name)
    let renumbered = try model.answer(setting: try TestModel.setting())
    let original = try model.answer(setting: try TestModel.setting(positions: .original))
    #expect(original.isIdentical(to: renumbered))
  }

  @Test(arguments: [Precision.f32, .bf16, .int8])
  func `does not depend on whether somebody inspects`(_ precision: Precision) throws {
    let model = try TestModel.load("tiny-classic", compute: ComputeOptions(precision: precision))
    let plain = try model.answer(setting: try TestModel.setting())
    let inspected = try model.answer(
      setting: try TestModel.setting(), inspection: Inspection(.init(attention: [0, 4], logits: [1])))
    #expect(inspected.isIdentical(to: plain))
  }

  @Test func `and keeping half is another answer`() throws {
    let model = try TestModel.load("tiny-classic")
    let dense = try model.answer(setting: try TestModel.setting())
    for strategy in StrategyLists.plain {
      let pruned = try model.answer(setting: try TestModel.setting(strategy, keep: "12"))
      #expect(pruned.keptTokens < 25 && pruned.firstLogits != dense.firstLogits, "\(strategy)")
    }
  }
}

@Suite struct `Pruning in the engine` {
  @Test func `random repeats with the same seed, and differs with another seed or picture`() throws {
    let model = try TestModel.load("tiny-grouped")
    func kept(_ file: String, seed: UInt64) throws -> [Int] {
      let setting = try TestModel.setting("random", keep: "9", seed: seed)
      let answer = try model.answer(about: [file], setting: setting, newTokens: 1)
      return answer.visual[0].plan.sequenceCodes
    }
    let first = try kept("tiny-wide.png", seed: 7)
    #expect(first.count == 9)
    #expect(try first == kept("tiny-wide.png", seed: 7))
    #expect(try first != kept("tiny-wide.png", seed: 8))
    #expect(try first != kept("tiny-square.png", seed: 7))
  }

  @Test(arguments: StrategyLists.plain, ["1", "9", "24", "50%", "0.36"])
  func `keeps no more than the budget and says what it kept`(_ strategy: String, budget: String) throws {
    let model = try TestModel.load("tiny-classic")
    let budgeted = budget == "50%" ? 12 : budget == "0.36" ? 9 : try #require(Int(budget))
    // HiPrune++ adds a tenth by its definition.
    let limit = strategy == "hiprune++" ? budgeted + Int((Double(budgeted) * 0.1).rounded(.toNearestOrEven)) : budgeted
    let setting = try TestModel.setting(strategy, keep: budget)
    let inspection = Inspection()
    let answer = try model.answer(setting: setting, newTokens: 1, inspection: inspection)
    let projected = try #require(inspection.tensors.first { $0.name == "projected" })
    #expect(answer.visualTokens == 25 && (1...limit).contains(answer.keptTokens))
    #expect(projected.shape == [answer.keptTokens, model.decoder.configuration.width])
    let kept = try #require(inspection.tensors.first { $0.name == "plan.kept" }?.integers)
    #expect(kept.count == answer.keptTokens && kept.allSatisfy { (0..<25).contains($0) })
  }

  @Test func `original positions keep their distance, renumbered ones close the gaps`() throws {
    let model = try TestModel.load("tiny-classic")
    let renumbered = try model.answer(setting: try TestModel.setting("uniform", keep: "5"))
    let original = try model.answer(setting: try TestModel.setting("uniform", keep: "5", positions: .original))
    #expect(renumbered.visual[0].rows == original.visual[0].rows)
    #expect(renumbered.promptLength == original.promptLength && renumbered.firstLogits != original.firstLogits)
    #expect(original.visual[0].originalPlaces == [2, 7, 12, 17, 22])
  }

  @Test func `an impossible budget is refused before anything is computed`() throws {
    let model = try TestModel.load("tiny-classic")
    #expect(vlmError { try model.check(try TestModel.setting("hiprune", keep: "25")) } == nil)
    for (strategy, keep) in [("hiprune", "26"), ("none", "10")] {
      let setting = try TestModel.setting(strategy, keep: keep)
      guard case .pruning? = vlmError({ try model.check(setting) }) else {
        Issue.record("\(strategy) keep \(keep) was accepted")
        continue
      }
      #expect(vlmError { _ = try model.answer(setting: setting) }?.isUsageError == true)
    }
  }
}
