import Basics
import Testing

@testable import Pruning

@Suite struct `Running a strategy` {
  @Test(arguments: ["all", "100%", "24", "1.0"])
  func `A budget of everything never reaches the strategy`(keep: String) throws {
    let image = Samples.image()  // without evidence: a strategy that ran would throw
    let dense = ImagePlan.dense(of: image.picture)
    for name in StrategyCatalogue.standard.names { #expect(try Samples.plan(name, image, keep: keep) == dense) }
    for name in StrategyCatalogue.standard.names {
      let evidence = try StrategyRunner.evidence(
        for: try StrategyCatalogue.standard.make(parsing: name), of: image.picture,
        keeping: try Budget(parsing: keep))
      #expect(evidence == Evidence.none)
    }
  }

  @Test(arguments: ["23", "0.5"])
  func `Nothing but everything goes with none`(keep: String) throws {
    let budget = try Budget(parsing: keep)
    let none = try StrategyCatalogue.standard.make(parsing: "none")
    #expect(throws: PruningError.budgetWithoutStrategy(budget)) {
      try StrategyRunner.evidence(for: none, of: Samples.picture(), keeping: budget)
    }
    #expect(throws: PruningError.budgetWithoutStrategy(budget)) {
      try StrategyRunner.plan(none, for: Samples.image().encoded, keeping: budget, seed: 0)
    }
  }

  @Test func `more than the image has is refused before any compute`() throws {
    let random = try StrategyCatalogue.standard.make(parsing: "random")
    let error = PruningError.budgetExceedsTotal(count: 25, total: 24)
    #expect(throws: error) {
      try StrategyRunner.evidence(for: random, of: Samples.picture(), keeping: .count(25))
    }
    #expect(throws: error) { try Samples.plan("random", Samples.image(), keep: "25") }
  }

  @Test func `a tower is refused even when everything is kept`() throws {
    let strategy = try StrategyCatalogue.standard.make(parsing: "fastervlm")
    #expect(throws: PruningError.self) {
      try StrategyRunner.evidence(
        for: strategy, of: Samples.picture(Samples.tower(classToken: false)), keeping: .all)
    }
  }

  /// Those that decide before the tower, or inside it, read none.
  @Test func `every strategy reads only the evidence that it declares`() throws {
    let names = StrategyCatalogue.standard.strategies
      .filter { !($0 is any BeforeEncoderPruning.Type) && !($0 is any TowerReducing.Type) }.map { $0.name }
    for (name, crops) in names.flatMap({ [($0, nil), ($0, Grid(rows: 2, columns: 1))] }) where name != "none" {
      let strategy = try StrategyCatalogue.standard.make(parsing: name)
      let tower = Samples.tower()
      let evidence = try strategy.evidence(on: tower.description)
      let image = Samples.image(tower, crops: crops) { found, view in
        for kind in evidence.kinds { found[kind] = Self.value(of: kind, tokens: 24, seed: UInt64(view)) }
      }
      let needed = try StrategyRunner.evidence(for: strategy, of: image.picture, keeping: .ratio(0.5))
      let encoded = EncodedImage(image.picture, views: image.views, shared: Self.shared(needed.shared))
      let plan = try StrategyRunner.plan(
        strategy, for: encoded, question: Self.question(needed.question, visualTokens: image.picture.visualTokens),
        keeping: .ratio(0.3), seed: 0)
      #expect(plan.keptTokens > 0)
    }
  }

  private static func question(_ kinds: Set<QuestionEvidenceKind>, visualTokens: Int) -> QuestionEvidence {
    var question: QuestionEvidence = [:]
    for kind in kinds {
      if case .decoderBlock(let layer) = kind {
        question.prompt[layer] = DecodedPrompt(
          keys: Samples.matrix(visualTokens + 9, 6, seed: 3), states: Samples.matrix(visualTokens + 9, 4, seed: 4),
          imageStart: 3)
      } else {
        question[kind] = Samples.matrix(1, 4, seed: 9)
      }
    }
    return question
  }

  private static func shared(_ kinds: Set<SharedEvidenceKind>) -> SharedEvidence {
    SharedEvidence(
      separator: kinds.contains(.separator) ? Samples.matrix(1, 4, seed: 5) : nil,
      projector: kinds.contains(.projector)
        ? ProjectorWeights(
          first: Samples.matrix(5, 4, seed: 6), firstBias: Samples.noise(5, seed: 7),
          second: Samples.matrix(4, 5, seed: 8), secondBias: Samples.noise(4, seed: 9)) : nil)
  }

  private static func value(of kind: EvidenceKind, tokens: Int, seed: UInt64) -> EvidenceValue {
    let row = Samples.noise(tokens, seed: seed).map { Double($0) }
    switch kind {
    case .attention(.classRow, _), .attention(.map, _): return .matrix(Samples.matrix(2, tokens, seed: seed))
    case .attention(.received, _): return .vector(row)
    case .attention(.patchSums, _): return .means(PatchMeans(received: row, given: row))
    case .classOwnLogits: return .vector([0.1, 0.2])
    case .keys, .features, .projected, .textSpace, .clipSpace: return .matrix(Samples.matrix(tokens, 4, seed: seed))
    }
  }
}

@Suite struct `A ranking` {
  @Test func `the highest come first and ties go to the lower index`() {
    #expect(Ranking.top(3, of: [1, 3, 2, 3, 0]) == [1, 3, 2])
    #expect(Ranking.top(2, of: [1, 3, 2, 3, 0], among: [0, 2, 4]) == [2, 0])
    #expect(Ranking.top(9, of: [0, 0]) == [0, 1])
    #expect(Ranking.top(2, of: [0.0, -0.0, 0.0]) == [0, 1])
    #expect(Ranking.top(0, of: [1]).isEmpty)
  }

  @Test(arguments: [(0.5, 0), (1.5, 2), (2.5, 2), (3.5, 4), (2.4, 2), (2.6, 3)])
  func `halves round to even`(value: Double, rounded: Int) { #expect(Ranking.roundHalfEven(value) == rounded) }
}
