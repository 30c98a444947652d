import Testing

@testable import Pruning

@Suite("Running a strategy") struct RunnerTests {
  @Test("A budget of everything never reaches the strategy", arguments: ["all", "100%", "24", "1.0"])
  func everything(keep: String) throws {
    let image = Samples.image()  // without evidence: a strategy that ran would throw
    let dense = ImagePlan.dense(layout: .single, grid: image.tower.grid)
    for name in StrategyCatalogue.names { #expect(try Samples.plan(name, image, keep: keep) == dense) }
    for name in StrategyCatalogue.names {
      let evidence = try StrategyRunner.evidence(
        for: try StrategyCatalogue.make(parsing: name), on: image.tower, layout: .single,
        keeping: try Budget(parsing: keep))
      #expect(evidence == Evidence.none)
    }
  }

  @Test("Nothing but everything goes with none", arguments: ["23", "0.5"])
  func none(keep: String) throws {
    let budget = try Budget(parsing: keep)
    let none = try StrategyCatalogue.make(parsing: "none")
    #expect(throws: PruningError.budgetWithoutStrategy(budget)) {
      try StrategyRunner.evidence(for: none, on: Samples.tower(), layout: .single, keeping: budget)
    }
    #expect(throws: PruningError.budgetWithoutStrategy(budget)) {
      try StrategyRunner.plan(none, for: Samples.image(), keeping: budget, seed: 0)
    }
  }

  @Test func moreThanTheImageHasIsRefusedBeforeAnyCompute() throws {
    let random = try StrategyCatalogue.make(parsing: "random")
    let error = PruningError.budgetExceedsTotal(count: 25, total: 24)
    #expect(throws: error) {
      try StrategyRunner.evidence(for: random, on: Samples.tower(), layout: .single, keeping: .count(25))
    }
    #expect(throws: error) { try Samples.plan("random", Samples.image(), keep: "25") }
  }

  @Test func aTowerIsRefusedEvenWhenEverythingIsKept() throws {
    let strategy = try StrategyCatalogue.make(parsing: "fastervlm")
    #expect(throws: PruningError.self) {
      try StrategyRunner.evidence(
        for: strategy, on: Samples.tower(classToken: false), layout: .single, keeping: .all)
    }
  }

  @Test func everyStrategyReadsOnlyTheEvidenceThatItDeclares() throws {
    for (name, crops) in StrategyCatalogue.names.flatMap({ [($0, nil), ($0, PatchGrid(rows: 2, columns: 1))] })
    where name != "none" {
      let strategy = try StrategyCatalogue.make(parsing: name)
      let tower = Samples.tower()
      let evidence = try strategy.evidence(on: tower)
      let image = Samples.image(
        tower, crops: crops, text: evidence.kinds.contains(.text) ? Samples.matrix(2, 4, seed: 9) : nil
      ) { found, view in
        for kind in evidence.kinds { Self.fill(kind, in: &found, tokens: 24, seed: UInt64(view)) }
      }
      let plan = try StrategyRunner.plan(strategy, for: image, keeping: .ratio(0.5), seed: 0)
      #expect(plan.keptTokens > 0)
    }
  }

  private static func fill(_ kind: EvidenceKind, in found: inout ViewEvidence, tokens: Int, seed: UInt64) {
    let row = Samples.noise(tokens, seed: seed).map { Double($0) }
    switch kind {
    case .classAttention(let layer): found.classAttention[layer] = Samples.matrix(2, tokens, seed: seed)
    case .classLogits(let layer): found.classLogits[layer] = Samples.matrix(2, tokens, seed: seed)
    case .attentionReceived(let layer, .all): found.receivedFromAll[layer] = row
    case .attentionReceived(let layer, .patches): found.receivedFromPatches[layer] = row
    case .patchMeans(let layer, .softmax): found.patchMeans[layer] = PatchMeans(received: row, given: row)
    case .patchMeans(let layer, .logits): found.patchLogitMeans[layer] = PatchMeans(received: row, given: row)
    case .keys(let layer): found.keys[layer] = Samples.matrix(tokens, 4, seed: seed)
    case .features: found.features = Samples.matrix(tokens, 4, seed: seed)
    case .projected: found.projected = Samples.matrix(tokens, 4, seed: seed)
    case .text: found.textSpace = Samples.matrix(tokens, 4, seed: seed)
    }
  }
}

@Suite("Ranking and drawing") struct RankingTests {
  @Test func theHighestComeFirstAndTiesGoToTheLowerIndex() {
    #expect(Ranking.top(3, of: [1, 3, 2, 3, 0]) == [1, 3, 2])
    #expect(Ranking.top(2, of: [1, 3, 2, 3, 0], among: [0, 2, 4]) == [2, 0])
    #expect(Ranking.top(9, of: [0, 0]) == [0, 1])
    #expect(Ranking.top(2, of: [0.0, -0.0, 0.0]) == [0, 1])
    #expect(Ranking.top(0, of: [1]).isEmpty)
  }

  @Test(arguments: [(0.5, 0), (1.5, 2), (2.5, 2), (3.5, 4), (2.4, 2), (2.6, 3)])
  func halvesRoundToEven(value: Double, rounded: Int) { #expect(roundHalfEven(value) == rounded) }

  @Test func aGeneratorNeverChanges() {
    var random = SeededGenerator(seed: 1, digest: 2)
    var other = SeededGenerator(seed: 2, digest: 1)
    let first = random.next()
    #expect(first != other.next())
    var again = SeededGenerator(seed: 1, digest: 2)
    #expect(again.next() == first)
  }

  @Test("Draws stay below their bound and reach all of it", arguments: [1, 2, 3, 7, 24])
  func draws(bound: Int) {
    var random = SeededGenerator(seed: 3, digest: 0)
    let drawn = Set((0..<1_000).map { _ in random.next(below: bound) })
    #expect(drawn == Set(0..<bound))
  }
}
