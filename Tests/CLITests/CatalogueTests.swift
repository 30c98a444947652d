import Foundation
import TestSupport
import Testing

@Suite struct `strategies, models, doctor, help and version` {
  static let commands = [
    "ask", "select", "inspect", "eval", "sweep", "merge", "statistics", "report", "score", "batch", "serve",
    "bench", "pack", "strategies", "models", "doctor",
  ]

  @Test
  func `strategies lists name and summary`() throws {
    expectSnapshot(try expectSuccess(Command("strategies")).text, "strategies")
    let report = try expectKeys(
      expectSuccess(Command("strategies", "--json")).json(), EnvelopeKeys.every.union(["strategies"]))
    let text = try expectSuccess(Command("strategies")).text
    for row in try #require(report["strategies"] as? [Any]) {
      let row = try expectKeys(row, ["name", "summary"])
      let name = try #require(row["name"] as? String)
      #expect(text.contains("\n\(name) ") || text.hasPrefix("\(name) "))
    }
  }

  @Test
  func `strategies --matrix is strategy by family`() throws {
    expectSnapshot(try expectSuccess(Command("strategies", "--matrix")).text, "strategies-matrix")
    let report = try expectSuccess(Command("strategies", "--matrix", "--json")).json()
    for row in try #require(report["strategies"] as? [Any]) {
      let row = try expectKeys(row, ["name", "summary", "families", "reasons"])
      let families = try #require(row["families"] as? [String: Bool])
      // DART reads keys inside the decoder, where no family looks yet; PixelPrune needs a tower that takes some cells.
      #expect(families["llava"] == !["dart", "pixelprune"].contains(row["name"] as? String))
      let reasons = try #require(row["reasons"] as? [String: String])
      #expect(
        Set(reasons.keys) == Set(families.filter { !$0.value }.keys) && reasons.values.allSatisfy { $0.count > 9 })
    }
  }

  /// README holds the table that the command prints.
  @Test
  func `strategies --matrix --markdown is README's table`() throws {
    let text = try expectSuccess(Command("strategies", "--matrix", "--markdown")).text
    #expect(text.hasPrefix("| strategy | llava |"))
    let readme = try String(contentsOf: Fixtures.root.appending(path: "README.md"), encoding: .utf8)
    #expect(readme.contains(text), "README has another table than:\n\(text)")
    try expectFailure(Command("strategies", "--markdown"), exitCode: 2, naming: "--matrix")
  }

  @Test
  func `models lists families and the bundled model`() throws {
    let report = try expectKeys(
      expectSuccess(withBundled(Command("models", "--json"))).json(), EnvelopeKeys.every.union(["families", "bundled"]))
    let family = try expectKeys((report["families"] as? [Any])?.first, ["name", "summary"])
    #expect(family["name"] as? String == "llava")
    let bundled = try expectKeys(report["bundled"], ["name", "folder"])
    #expect(bundled["name"] as? String == "shapes-llava" && bundled["folder"] as? String == classic)
    let text = try expectSuccess(withBundled(Command("models"))).text
    #expect(text.hasPrefix("llava ") && text.contains("shapes-llava in \(classic)"))
  }

  @Test
  func `doctor says what it found`() throws {
    let report = try expectKeys(
      expectSuccess(withBundled(Command("doctor", "--json"))).json(),
      EnvelopeKeys.every.union([
        "cpu", "cpu_features", "openblas", "onednn", "instructions", "native_formats", "threads", "memory_bytes",
        "model_cache",
        "cached_models", "bundled_model",
      ]))
    #expect(report["cpu_features"] is [String] && report["cached_models"] as? [String] == [])
    #expect(report["onednn"] is NSNull || report["onednn"] is String)
    #expect(try #require(report["threads"] as? Int) >= 1)
    #expect(try #require(report["memory_bytes"] as? Int) > 1 << 28)
    let text = try expectSuccess(withBundled(Command("doctor"))).text
    for label in [
      "vlmprune", "cpu", "OpenBLAS", "oneDNN", "own products", "threads", "memory", "model cache", "bundled model",
    ] {
      #expect(text.contains("\n\(label)  ") || text.hasPrefix("\(label) "), "\(label) in \(text)")
    }
  }

  @Test
  func `--version prints version, commit and back ends`() throws {
    let text = try expectSuccess(Command("--version")).text
    let form = #/vlmprune \d+\.\d+\.\d+ \(commit ([0-9a-f]{12}(_changed)?|unknown); back ends: OpenBLAS [^)]+\)\n/#
    #expect(text.wholeMatch(of: form) != nil, "\(text)")
  }

  @Test
  func `every command's help goes to stdout and names each of its options`() throws {
    for command in Self.commands {
      let help = try expectSuccess(Command(command, "--help"))
      #expect(help.errors.isEmpty && help.text.contains("USAGE: vlmprune \(command)"))
      #expect(try expectSuccess(Command("help", command)).text == help.text)
    }
    let root = try expectSuccess(Command("--help")).text
    // Every command of the list, and no other: a new one must come into these tests.
    let lines = root.split(separator: "\n").drop { $0 != "SUBCOMMANDS:" }
    #expect(lines.compactMap { $0.prefixMatch(of: #/  ([a-z]+) /#)?.1 }.map(String.init) == Self.commands)
    #expect(try expectSuccess(Command([])).text == root)
    let ask = try expectSuccess(Command("ask", "--help")).text
    let options = [
      "--model", "--strategy", "--keep", "--precision", "--positions", "--threads", "--seed", "--json", "--verbose",
      "--question", "--prompt-file", "--raw-prompt", "--system", "--max-new-tokens", "--temperature", "--top-p",
      "--overlay", "--max-pixels",
    ]
    for option in options { #expect(ask.contains(option)) }
  }

  @Test(arguments: [nil] + commands)
  func `the examples of every help text run`(command: String?) throws {
    let help = try expectSuccess(Command((command.map { [$0] } ?? []) + ["--help"])).text
    // As they stand there, between "Example:" and the next empty line: what people copy must not be broken by wrapping.
    let lines = help.split(separator: "\n", omittingEmptySubsequences: false).drop { $0 != "Example:" }.dropFirst()
    let block = lines.prefix { !$0.isEmpty }.joined(separator: "\n")
    let examples = block.replacing("\\\n", with: "").split(separator: "\n")
      .map { $0.trimmingCharacters(in: .whitespaces) }
    #expect(!examples.isEmpty && examples.allSatisfy { $0.hasPrefix("vlmprune ") }, "no example in \(help)")
    expectSnapshot(block + "\n", "example-\(command ?? "root")")
    let scratch = try Scratch()
    try FileManager.default.createSymbolicLink(
      atPath: scratch.path("fixtures"), withDestinationPath: Fixtures.url("").path)
    // A server runs until it is stopped: ServeTests runs its example.
    for example in examples where command != "serve" {
      // The tiny model has fewer tokens than these examples keep.
      var run = command == "bench" || command == "ask" ? Command([]) : withBundled(Command([]))
      run.line = example.replacing("vlmprune ", with: "\"$0\" ", maxReplacements: 1)
      run.folder = scratch.folder
      // Or pack would write into the home of whoever runs the tests.
      run.environment["XDG_CACHE_HOME"] = scratch.path("cache")
      try expectSuccess(run)
    }
  }

  @Test(.enabled(if: hasBundledModel))
  func `the bundled model is found beside the executable's source tree, and answers`() throws {
    let command = Command(
      "ask", Fixtures.image("scene.png").path, "-q", "What is written on the blue circle?", "--keep", "64", "--json")
    let report = try expectSuccess(command).json()
    #expect(report["model"] as? String == "shapes-llava" && report["answer"] as? String == "1")
    try expectSuccess(Command("doctor"))
  }

  static var hasBundledModel: Bool {
    FileManager.default.fileExists(atPath: Fixtures.model("shapes-llava").appending(path: "config.json").path)
  }

  /// A tiny checkpoint in the bundled model's place.
  private func withBundled(_ command: Command) -> Command {
    var command = command
    command.environment["VLMPRUNE_HOME"] = classic
    return command
  }

  /// Compares with Snapshots/NAME.txt; VLMPRUNE_RECORD=1 in the environment writes it anew.
  private func expectSnapshot(_ text: String, _ name: String, sourceLocation: SourceLocation = #_sourceLocation) {
    let url = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(path: "Snapshots/\(name).txt")
    if ProcessInfo.processInfo.environment["VLMPRUNE_RECORD"] == "1" {
      try? Data(text.utf8).write(to: url)
      return
    }
    let expected = (try? String(contentsOf: url, encoding: .utf8)) ?? ""
    #expect(text == expected, "\(url.path) differs", sourceLocation: sourceLocation)
  }
}
