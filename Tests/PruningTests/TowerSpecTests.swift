import Testing

@testable import Pruning

@Suite struct `Specs of methods inside the tower` {
  private let catalogue = StrategyCatalogue.standard
  private let tower = Samples.description(depth: 24)
  private static let fastv = "fastv(layer=2, budget=average)"
  private let decoder = DecoderDescription(depth: 32, heads: 32, frequencies: [1, 0.1])

  private func refusal(_ text: String) -> PruningError? {
    do { _ = try catalogue.make(parsing: text) } catch { return error }
    return nil
  }

  @Test(arguments: [
    ("tome", "tome(r=auto, inflect=0, proportional=true, order=raster)"),
    ("evit(fuse=False)", "evit(rate=auto, blocks=6/12/18, fuse=false, order=raster)"),
    (
      "tome(keep=192) + random + fastv",
      "tome(keep=192, r=auto, inflect=0, proportional=true, order=raster) + random(keep=auto) + \(fastv)"
    ),
    ("tome(r=8)+uniform", "tome(r=8, inflect=0, proportional=true, order=raster) + uniform"),
    (
      "evit(keep=25%, rate=auto) + uniform(keep=9) + fastv",
      "evit(keep=25%, rate=auto, blocks=6/12/18, fuse=true, order=raster) + uniform(keep=9) + \(fastv)"
    ),
    ("random + fastv", "random(keep=auto) + \(fastv)"),
  ])
  func `are spelled out, and read again`(written: String, canonical: String) throws {
    let spec = try catalogue.make(parsing: written).resolved(on: tower, decoder: decoder)
    #expect(spec.description == canonical)
    let again = try catalogue.make(parsing: canonical).resolved(on: tower, decoder: decoder)
    #expect(again == spec)
  }

  @Test func `say what each stage sends: twice the next one's, or what the spec says`() throws {
    func budgets(_ spec: String, _ keep: String) throws -> [Budget] {
      let stages = try #require(try catalogue.make(parsing: spec).inTower)
      let found = try stages.budgets(keeping: try Budget(parsing: keep), of: 576)
      return [found.tower, found.between]
    }
    #expect(try budgets("tome", "64") == [.count(64), .all])
    #expect(try budgets("tome + uniform", "64") == [.count(128), .count(64)])
    #expect(try budgets("tome + fastv", "64") == [.count(128), .all])
    #expect(try budgets("tome + uniform + fastv", "64") == [.count(256), .count(128)])
    #expect(try budgets("tome(keep=192) + uniform + fastv", "64") == [.count(192), .count(128)])
    #expect(try budgets("tome(keep=192) + uniform(keep=100) + fastv", "64") == [.count(192), .count(100)])
    #expect(try budgets("tome + uniform", "60%") == [.all, .ratio(0.6)])
    #expect(try budgets("tome + uniform", "10%") == [.ratio(0.2), .ratio(0.1)])
    #expect(try budgets("tome(r=8) + uniform", "64") == [.adaptive, .count(64)])
    #expect(try budgets("tome(keep=90) + prumerge", "adaptive") == [.count(90), .adaptive])
    #expect(throws: PruningError.stageWithoutBudget(strategy: "tome", method: "prumerge")) {
      _ = try budgets("tome + prumerge", "adaptive")
    }
  }

  @Test func `are refused by name where they make no sense`() {
    let inside = catalogue.decoderMethods.names
    func cannotJoin(_ parts: String...) -> PruningError { .cannotJoin(parts, inside: inside) }
    #expect(refusal("uniform(keep=9) + tome") == cannotJoin("uniform(keep=9)", "tome"))
    #expect(refusal("tome + evit") == cannotJoin("tome", "evit"))
    #expect(refusal("tome + none") == cannotJoin("tome", "none"))
    #expect(refusal("tome + pixelprune") == cannotJoin("tome", "pixelprune"))
    #expect(refusal("tome + uniform + random + fastv") == cannotJoin("tome", "uniform", "random", "fastv"))
    #expect(refusal("tome + hiprune") == .needsGrid(strategy: "hiprune", after: "tome"))
    #expect(refusal("evit + fopru(policy=row)") == .needsGrid(strategy: "fopru", after: "evit"))
    #expect(refusal("tome + fopru") == nil)
    #expect(refusal("tome(keep=9, keep=8) + uniform") == .duplicateOption("keep", strategy: "tome"))
    #expect(refusal("tome + uniform(keep=9)") == .unknownOption("keep", strategy: "uniform", valid: []))
    #expect(refusal("tome(inflect=2)") != nil && refusal("tome(r=0)") != nil && refusal("evit(rate=0)") != nil)
  }

  @Test func `need a number from somewhere, and one only`() throws {
    let tome = try #require(try catalogue.make(parsing: "tome(r=8)").inTower).reduction
    #expect(throws: PruningError.self) { _ = try tome.schedule(keeping: 64, of: 576, on: tower) }
    let plain = try #require(try catalogue.make(parsing: "tome").inTower).reduction
    #expect(throws: PruningError.self) { _ = try plain.schedule(keeping: nil, of: 576, on: tower) }
    let evit = try #require(try catalogue.make(parsing: "evit(rate=0.5)").inTower).reduction
    #expect(throws: PruningError.self) { _ = try evit.schedule(keeping: 64, of: 576, on: tower) }
    #expect(catalogue.budgetOfItsOwn(parsing: "tome") == .all)
    #expect(catalogue.budgetOfItsOwn(parsing: "tome(r=8)") == .adaptive)
    #expect(catalogue.budgetOfItsOwn(parsing: "evit") == .adaptive)
    #expect(catalogue.budgetOfItsOwn(parsing: "tome(keep=9) + prumerge") == .all)
  }

  @Test func `have no meaning without a tower`() throws {
    let strategy = try catalogue.make(parsing: "tome")
    #expect(!catalogue.names(workingOn: tower).contains("tome"))
    let image = Samples.image()
    let error = #expect(throws: PruningError.self) {
      _ = try StrategyRunner.plan(strategy, for: image.encoded, keeping: .count(5), seed: 0)
    }
    #expect(error == .needsTower(strategy: "tome"))
  }

  @Test(arguments: [
    (
      PruningError.needsTower(strategy: "s"), "strategy s acts inside the vision tower, and there is none here",
      "run it with a model: ask, eval, sweep, bench, inspect or batch"
    ),
    (
      .reductionTooDeep(strategy: "s", count: 4, smallest: 5, patches: 25),
      "strategy s cannot leave 4 of 25 tokens: a block merges half of its rows at most",
      "keep 5 or more of each view's 25 tokens"
    ),
    (
      .needsGrid(strategy: "s", after: "t"), "strategy s reads where tokens lie, and t merges them inside the tower",
      "run s alone, or join one that goes by features or attention"
    ),
    (
      .needsPlainTower(strategy: "s", alternatives: ["a", "b"]),
      "strategy s takes rows out of the vision tower, and this one needs each for its merge groups",
      "these work on it: a, b"
    ),
  ])
  func `say what is wrong and what to do`(error: PruningError, message: String, hint: String) {
    #expect(error.message == message && error.hint == hint && error.isUsageError)
  }
}
