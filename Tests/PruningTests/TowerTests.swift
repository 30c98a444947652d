import Testing

@testable import Pruning

@Suite struct `What a strategy asks of a tower` {
  @Test(
    arguments: [
      ("fastervlm", [.classAttention(layer: 22)]), ("fastervlm(layer=-1)", [.classAttention(layer: 23)]),
      ("vtc-cls(start=21)", [.classAttention(layer: 21), .classAttention(layer: 22)]),
      (
        "hiprune", [.attentionReceived(layer: 8, queries: .all), .attentionReceived(layer: 22, queries: .all)]
      ),
      ("fopru", [.patchMeans(layer: 22, scale: .softmax)]),
      ("fopru(score=logits, layer=0)", [.patchMeans(layer: 0, scale: .logits)]),
      ("globalcom2", [.classLogits(layer: 23)]), ("random", []), ("uniform", []), ("downsample", []), ("none", []),
      (
        "hiprune++(object=-24)",
        Evidence(
          [
            .attentionReceived(layer: 0, queries: .all), .attentionReceived(layer: 22, queries: .all), .textSpace,
          ], question: [.embeddings])
      ),
    ] as [(String, Evidence)])
  func `evidence is declared with layers resolved`(spec: String, evidence: Evidence) throws {
    #expect(try StrategyCatalogue.standard.make(parsing: spec).evidence(on: Samples.description(depth: 24)) == evidence)
  }

  @Test(arguments: ["fastervlm", "vtc-cls"])
  func `a tower without class token is refused with the strategies that work on it`(name: String) throws {
    let strategy = try StrategyCatalogue.standard.make(parsing: name)
    let error = PruningError.needsClassToken(
      strategy: name,
      alternatives: [
        "random", "uniform", "downsample", "hiprune", "hiprune++", "fopru", "globalcom2", "divprune", "cdpruner",
        "holov", "trim", "mmtok", "prunesid", "cen-prune", "textmonkey",
      ])
    #expect(throws: error) { try StrategyRunner.evidence(for: strategy, on: Samples.description(classToken: false)) }
  }

  @Test func `every named alternative works`() throws {
    let tower = Samples.description(classToken: false)
    for name in StrategyCatalogue.standard.names(workingOn: tower) {
      _ = try StrategyCatalogue.standard.make(parsing: name).evidence(on: tower)
    }
    #expect(StrategyCatalogue.standard.names(workingOn: Samples.description()).contains("fastervlm"))
  }

  @Test(
    arguments: [
      ("fastervlm(layer=8)", "layer", "fastervlm", 8), ("fastervlm(layer=-9)", "layer", "fastervlm", -9),
      ("hiprune(object=8)", "object", "hiprune", 8), ("hiprune(deep=-9)", "deep", "hiprune", -9),
      ("fopru(layer=99)", "layer", "fopru", 99), ("vtc-cls(start=8)", "start", "vtc-cls", 8),
    ])
  func `a layer out of range is an error`(spec: String, option: String, strategy: String, layer: Int) throws {
    let made = try StrategyCatalogue.standard.make(parsing: spec)
    #expect(throws: PruningError.layerOutOfRange(layer, option: option, strategy: strategy, depth: 8)) {
      try made.evidence(on: Samples.description(depth: 8))
    }
  }

  @Test func `vtc cannot start behind the features`() throws {
    let made = try StrategyCatalogue.standard.make(parsing: "vtc-cls(start=-1)")
    #expect(
      throws: PruningError.invalidOption(
        "start", value: "-1", strategy: "vtc-cls", expected: "a block up to 6, which makes the features")
    ) { try made.evidence(on: Samples.description(depth: 8)) }
  }

  @Test func `blocks that see windows only are warned about`() throws {
    let tower = Samples.description(depth: 8, merge: 2, full: [1, 3, 7])
    #expect(try StrategyCatalogue.standard.make(parsing: "hiprune").warnings(on: tower).isEmpty)
    let warnings = try StrategyCatalogue.standard.make(parsing: "hiprune(object=4)").warnings(on: tower)
    #expect(warnings.count == 1)
    #expect(warnings.first?.hasPrefix("block 4 attends within windows only") == true)
  }

  @Test func `the default object block sees the whole view where it can`() {
    #expect(HiPrune.defaultObject(on: Samples.description(depth: 32, merge: 2, full: [7, 15, 23, 31])) == 15)
    #expect(HiPrune.defaultObject(on: Samples.description(depth: 12, merge: 2, full: [2, 7, 11])) == 7)
    #expect(HiPrune.defaultObject(on: Samples.description(depth: 8, merge: 2, full: [1, 5, 7])) == 1)
  }
}
