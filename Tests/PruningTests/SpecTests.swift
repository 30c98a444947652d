import Testing

@testable import Pruning

@Suite struct `Strategy specs` {
  @Test(arguments: [
    ("none", "none"), ("random", "random"), ("uniform", "uniform"), ("downsample()", "downsample"),
    ("fastervlm", "fastervlm(layer=-2, heads=mean)"),
    ("fastervlm(heads=max, layer=3)", "fastervlm(layer=3, heads=max)"),
    ("vtc-cls", "vtc-cls(start=5, ensemble=sum)"), ("vtc-cls(start=-4)", "vtc-cls(start=-4, ensemble=sum)"),
    ("hiprune", "hiprune(alpha=0.1, object=2, deep=-2, neighbours=wrapped, registers=distinct)"),
    (
      " hiprune ( object = 1 , alpha=1,neighbours=grid, deep=7,registers=released ) ",
      "hiprune(alpha=1, object=1, deep=7, neighbours=grid, registers=released)"
    ),
    ("hiprune++", "hiprune++(alpha=0.1, object=2, deep=-2, neighbours=wrapped, registers=distinct, beta=0.1)"),
    ("fopru", "fopru(policy=rank, score=softmax, layer=-2)"),
    ("fopru(policy=row,score=logits)", "fopru(policy=row, score=logits, layer=-2)"),
    ("globalcom2", "globalcom2(tau=10, thumbnail=score, newlines=all, placement=released)"),
    ("globalcom2(tau=2.5)", "globalcom2(tau=2.5, thumbnail=score, newlines=all, placement=released)"),
  ])
  func `The canonical spec spells out every option`(written: String, canonical: String) throws {
    let strategy = try StrategyCatalogue.standard.make(parsing: written)
    let spec = try strategy.resolved(on: Samples.description(depth: 8)).description
    #expect(spec == canonical)
    let again = try StrategyCatalogue.standard.make(parsing: spec).resolved(on: Samples.description(depth: 8))
      .description
    #expect(again == canonical)
  }

  @Test(arguments: [
    ("vtc-cls", 24, 1, "vtc-cls(start=16, ensemble=sum)"), ("vtc-cls", 12, 1, "vtc-cls(start=8, ensemble=sum)"),
    ("vtc-cls", 9, 1, "vtc-cls(start=6, ensemble=sum)"), ("vtc-cls", 2, 1, "vtc-cls(start=0, ensemble=sum)"),
    ("hiprune", 24, 1, "hiprune(alpha=0.1, object=8, deep=-2, neighbours=wrapped, registers=distinct)"),
    ("hiprune", 12, 1, "hiprune(alpha=0.1, object=3, deep=-2, neighbours=wrapped, registers=distinct)"),
    ("hiprune", 4, 1, "hiprune(alpha=0.1, object=1, deep=-2, neighbours=wrapped, registers=distinct)"),
    ("hiprune", 2, 1, "hiprune(alpha=0.1, object=0, deep=-2, neighbours=wrapped, registers=distinct)"),
    ("hiprune", 32, 2, "hiprune(alpha=0.1, object=15, deep=-1, neighbours=wrapped, registers=released)"),
    ("fopru", 32, 2, "fopru(policy=rank, score=softmax, layer=-1)"),
  ])
  func `Defaults follow the tower's depth, half to even`(written: String, depth: Int, merge: Int, canonical: String)
    throws
  {
    let tower = Samples.description(depth: depth, merge: merge)
    #expect(try StrategyCatalogue.standard.make(parsing: written).resolved(on: tower).description == canonical)
  }

  @Test(
    arguments: [
      ("", "it has no name"), ("(alpha=1)", "it has no name"),
      ("hiprune(alpha=1", "its options do not end with a parenthesis"),
      ("hiprune)", "it closes a parenthesis that it did not open"), ("hiprune(alpha)", "\"alpha\" is not option=value"),
      ("hiprune(alpha=0.1,)", "\"\" is not option=value"), ("hiprune(alpha=)", "\"alpha=\" is not option=value"),
      ("hiprune(=1)", "\"=1\" is not option=value"), ("hiprune(a=1=2)", "\"a=1=2\" is not option=value"),
      ("hiprune((a=1))", "parentheses do not nest"), ("hiprune(a=1) x", "its options do not end with a parenthesis"),
    ])
  func `a malformed spec is refused`(text: String, reason: String) {
    #expect(throws: PruningError.malformedSpec(text, reason: reason)) {
      try StrategyCatalogue.standard.make(parsing: text)
    }
  }

  @Test(arguments: ["nonsense", "HiPrune", "hiprune+", "hi prune"])
  func `an unknown name lists the valid ones`(name: String) {
    #expect(throws: PruningError.unknownStrategy(name, valid: StrategyCatalogue.standard.everyName)) {
      try StrategyCatalogue.standard.make(parsing: name)
    }
  }

  @Test(
    arguments: [
      ("random(seed=3)", "seed", "random", []), ("fastervlm(alpha=1)", "alpha", "fastervlm", ["layer", "heads"]),
      ("hiprune(beta=0.1)", "beta", "hiprune", ["alpha", "object", "deep", "neighbours", "registers"]),
      ("hiprune++(gamma=1)", "gamma", "hiprune++", ["alpha", "object", "deep", "neighbours", "registers", "beta"]),
      ("vtc-cls(end=3)", "end", "vtc-cls", ["start", "ensemble"]),
      ("fopru(x=1)", "x", "fopru", ["policy", "score", "layer"]),
      ("globalcom2(x=1)", "x", "globalcom2", ["tau", "thumbnail", "newlines", "placement"]),
    ])
  func `an unknown option lists the valid ones`(text: String, option: String, strategy: String, valid: [String]) {
    #expect(throws: PruningError.unknownOption(option, strategy: strategy, valid: valid)) {
      try StrategyCatalogue.standard.make(parsing: text)
    }
  }

  @Test func `an option is given once`() {
    #expect(throws: PruningError.duplicateOption("alpha", strategy: "hiprune")) {
      try StrategyCatalogue.standard.make(parsing: "hiprune(alpha=0.1, alpha=0.2)")
    }
  }

  @Test(
    arguments: [
      ("hiprune(alpha=1.01)", "alpha", "1.01", "a number from 0 to 1"),
      ("hiprune(alpha=-0.1)", "alpha", "-0.1", "a number from 0 to 1"),
      ("hiprune(alpha=nan)", "alpha", "nan", "a number from 0 to 1"),
      ("hiprune(alpha=0x1)", "alpha", "0x1", "a number from 0 to 1"),
      ("hiprune(object=1.5)", "object", "1.5", "the number of a block"),
      ("hiprune(object=+1)", "object", "+1", "the number of a block"),
      ("hiprune(neighbours=Grid)", "neighbours", "Grid", "wrapped or grid"),
      ("hiprune(registers=all)", "registers", "all", "released or distinct"),
    ])
  func `an option out of its range is refused`(text: String, option: String, value: String, expected: String) {
    #expect(throws: PruningError.invalidOption(option, value: value, strategy: "hiprune", expected: expected)) {
      try StrategyCatalogue.standard.make(parsing: text)
    }
  }

  @Test(arguments: ["globalcom2(tau=0)", "globalcom2(tau=-1)", "globalcom2(tau=inf)"])
  func `a temperature is positive`(text: String) {
    #expect(throws: PruningError.self) { try StrategyCatalogue.standard.make(parsing: text) }
  }

  @Test func `every strategy has a name and a summary of its own`() {
    #expect(Set(StrategyCatalogue.standard.names).count == StrategyCatalogue.standard.strategies.count)
    #expect(StrategyCatalogue.standard.strategies.allSatisfy { !$0.summary.isEmpty && !$0.summary.contains("\n") })
  }
}
