import Foundation
import TestSupport
import Testing

@Suite struct `select decides from inspect's evidence what ask decided` {
  /// Every strategy of the catalogue that prunes, in all its options; and seeds for what is drawn.
  static let specs: [(spec: String, seed: String)] = [
    ("random", "0"), ("random", "1"), ("random", "18446744073709551615"), ("uniform", "0"), ("downsample", "0"),
    ("fastervlm", "0"), ("fastervlm(heads=max)", "0"), ("fastervlm(layer=0)", "0"), ("vtc-cls", "0"),
    ("vtc-cls(start=1, ensemble=max)", "0"), ("vtc-cls(start=-3, ensemble=min)", "0"), ("hiprune", "0"),
    ("hiprune(alpha=0.4, object=0, deep=-1)", "0"), ("hiprune(neighbours=grid)", "0"),
    ("hiprune(registers=released)", "0"), ("hiprune++", "0"), ("hiprune++(beta=0.5, alpha=0.2)", "0"),
    ("fopru", "0"), ("fopru(policy=row)", "0"), ("fopru(score=logits)", "0"),
    ("fopru(policy=row, score=logits)", "0"), ("fopru(layer=2)", "0"), ("globalcom2", "0"),
    ("globalcom2(tau=2, placement=released)", "0"), ("visionzip", "0"), ("visionzip(contextual=2)", "0"),
    ("prumerge", "0"), ("prumerge(neighbours=3)", "0"), ("vispruner", "0"), ("vispruner(important=0.25)", "0"),
    ("divprune", "0"), ("scope", "0"), ("scope(alpha=0.5, combine=add)", "0"), ("holov", "0"),
    ("holov(windows=3, zeros=dropped)", "0"), ("mmtok", "0"), ("mmtok(alpha=2, text_temperature=0.1)", "0"),
    ("prunesid", "0"), ("prunesid(pca=lowrank)", "0"), ("prunesid(pca=lowrank)", "7"), ("zoo-prune", "0"),
    ("zoo-prune(directions=8, step=0.02)", "7"), ("cen-prune", "0"), ("cen-prune(standardize=true)", "0"),
    ("textmonkey", "0"),
  ]

  /// What no tiny model gives: CLIP's text tower, or keys inside the decoder. And what takes no large budget.
  static let others: Set = ["cdpruner", "trim", "dart", "prumerge+"]

  @Test
  func `every strategy of the catalogue is in the list`() throws {
    let listed = try #require(try expectSuccess(Command("strategies", "--json")).json()["strategies"] as? [JSONObject])
    let names = Set(listed.compactMap { $0["name"] as? String })
    let tried = Set(Self.specs.map { String($0.spec.prefix { $0 != "(" }) })
    // Pixels and the decoder are in no evidence file.
    let elsewhere = ["none", "pixelprune", "tome", "evit", "fastv", "pyramiddrop", "sparsevlm", "sparsevlm+"]
    #expect(names.subtracting(elsewhere) == tried.union(Self.others))
    let scratch = try Scratch()
    let file = try evidence(in: scratch, strategy: "hiprune")
    try expectFailure(Command("select", file, "--strategy", "pixelprune"), exitCode: 2, naming: "reads pixels")
    try expectFailure(
      Command("select", file, "--strategy", "tome", "--keep", "9"), exitCode: 2, naming: "inside the vision tower")
  }

  @Test(arguments: ["prumerge", "prumerge+"])
  func `A strategy's own number of tokens, by name or for want of a budget`(strategy: String) throws {
    let scratch = try Scratch()
    let file = try evidence(in: scratch, strategy: strategy)
    let named = try expectSuccess(Command("select", file, "--strategy", strategy, "--keep", "adaptive", "--json"))
      .json()
    let bare = try expectSuccess(Command("select", file, "--strategy", strategy, "--json")).json()
    #expect(named["sequence"] as? [Int] == bare["sequence"] as? [Int])
    #expect((bare["kept_tokens"] as? Int ?? 0) < 25)
    let answer = try expectSuccess(ask("--json", "--strategy", strategy, "--max-new-tokens", "1", image: square)).json()
    try expectSame(bare, answer, "\(strategy)")
  }

  @Test(arguments: others.subtracting(["prumerge+"]))
  func `A strategy that reads what the model does not give is refused with the names of those that work`(
    strategy: String
  ) throws {
    let command = ask("--strategy", strategy, "--keep", "8", image: square)
    expectFailure(
      try command.run(), of: command, exitCode: 2,
      naming: ["strategy \(strategy) reads", "these work", "divprune"])
  }

  @Test(arguments: specs)
  func `the same tokens for every budget`(spec: String, seed: String) throws {
    let scratch = try Scratch()
    let file = scratch.path("evidence.safetensors")
    let strategy = ["--strategy", spec, "--seed", seed]
    var inspect = Command("inspect", wide, "--model", classic, "-q", "What is this?", "--evidence", file)
    inspect.arguments += ["--max-new-tokens", "1"] + strategy
    try expectSuccess(inspect)
    for keep in ["8", "50%", "24", "0.2", "all"] {
      var command = ask("--json", "--keep", keep, image: wide)
      command.arguments += ["--max-new-tokens", "1"] + strategy
      let answer = try expectSuccess(command).json()
      let select = Command(["select", file, "--keep", keep, "--json"] + strategy)
      try expectSame(try expectSuccess(select).json(), answer, "\(spec), seed \(seed), keep \(keep)")
    }
  }

  @Test(arguments: ["cdpruner", "trim", "cen-prune(selector=cdpruner)"])
  func `With --text-tower a strategy reads the question through CLIP`(strategy: String) throws {
    let scratch = try Scratch()
    let file = scratch.path("evidence.safetensors")
    let tower = ["--text-tower", Fixtures.model("tiny-clip").path, "--strategy", strategy]
    var inspect = Command("inspect", wide, "--model", classic, "-q", "What is this?", "--evidence", file)
    inspect.arguments += ["--max-new-tokens", "1"] + tower
    try expectSuccess(inspect)
    for keep in ["8", "50%"] {
      var command = ask("--json", "--keep", keep, "--max-new-tokens", "1", image: wide)
      command.arguments += tower
      let select = Command("select", file, "--keep", keep, "--json", "--strategy", strategy)
      try expectSame(try expectSuccess(select).json(), try expectSuccess(command).json(), "\(strategy), keep \(keep)")
    }
  }

  private func expectSame(_ selection: JSONObject, _ answer: JSONObject, _ label: Comment) throws {
    #expect(selection["strategy"] as? String == answer["strategy"] as? String, label)
    let tokens = try #require(answer["tokens"] as? JSONObject)
    #expect(selection["visual_tokens"] as? Int == tokens["visual"] as? Int, label)
    #expect(selection["kept_tokens"] as? Int == tokens["kept"] as? Int, label)
    let images = try #require(answer["images"] as? [JSONObject])
    let view = try #require((images.first?["views"] as? [JSONObject])?.first)
    let selected = try #require((selection["views"] as? [JSONObject])?.first?["kept"] as? [Int])
    #expect(selected.sorted() == view["kept"] as? [Int], label)
  }

  @Test
  func `--json has the contract's fields and nothing else`() throws {
    let scratch = try Scratch()
    let file = try evidence(in: scratch, strategy: "downsample")
    let report = try expectKeys(
      expectSuccess(Command("select", file, "--strategy", "downsample", "--keep", "9", "--json")).json(),
      EnvelopeKeys.selection.union(["visual_tokens", "kept_tokens", "views", "sequence", "merges"]))
    let view = try expectKeys((report["views"] as? [Any])?.first, ["view", "kept"])
    #expect(view["view"] as? Int == 0 && view["kept"] is [Int])
    #expect((report["sequence"] as? [Int])?.count == report["kept_tokens"] as? Int)
    let merge = try expectKeys((report["merges"] as? [Any])?.first, ["anchor", "sources", "weights"])
    let weights = try #require(merge["weights"] as? [Double])
    #expect(abs(weights.reduce(0, +) - 1) < 1e-5 && (merge["sources"] as? [Int])?.count == weights.count)
  }

  @Test
  func `text output names the strategy, the counts and the tokens`() throws {
    let scratch = try Scratch()
    let file = try evidence(in: scratch, strategy: "uniform")
    let outcome = try expectSuccess(Command("select", file, "--strategy", "uniform", "--keep", "5"))
    #expect(outcome.text.hasPrefix("uniform: 5 of 25 visual tokens\nview 0: "))
    #expect(outcome.text.split(separator: "\n").count == 2 && outcome.errors.isEmpty)
  }

  @Test
  func `evidence without a strategy serves the one that a budget alone means`() throws {
    let scratch = try Scratch()
    let file = try evidence(in: scratch, strategy: nil)
    let report = try expectSuccess(Command("select", file, "--keep", "9", "--json")).json()
    #expect((report["strategy"] as? String)?.hasPrefix("hiprune(") == true)
  }

  private func evidence(in scratch: Scratch, strategy: String?) throws -> String {
    let file = scratch.path("evidence.safetensors")
    var command = Command("inspect", square, "--model", classic, "-q", "What?", "--evidence", file)
    command.arguments += strategy.map { ["--strategy", $0] } ?? []
    try expectSuccess(command)
    return file
  }
}
