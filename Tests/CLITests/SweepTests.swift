import Basics
import Foundation
import TestSupport
import Testing

@Suite struct `vlmprune sweep` {
  /// Questions about three pictures, interleaved.
  private func questions(_ scratch: Scratch, count: Int = 6) throws -> String {
    let pictures = ["tiny-square.png", "tiny-wide.png", "tiny-tall.png"]
    let lines = (0..<count).map { number in
      #"{"question_id": \#(number), "image": "\#(pictures[number * 3 / count])", "text": "What is \#(number)?", "#
        + #""answer": "x", "category": "c\#(number % 2)"}"#
    }
    return try scratch.write(Array(lines.joined(separator: "\n").utf8), as: "questions.jsonl")
  }

  private func sweep(_ questions: String, strategies: String = "hiprune", _ more: String...) -> Command {
    Command(
      [
        "sweep", "--questions", questions, "--images", Fixtures.url("images").path, "--model", classic,
        "--max-new-tokens", "4", "--strategies", strategies, "--keep", "9",
      ] + more)
  }

  private func contents(_ path: String) throws -> Data { try Data(contentsOf: URL(fileURLWithPath: path)) }

  /// Rows of a run without their times, in the order of the file.
  private func rows(_ run: String) throws -> [String] {
    try contents("\(run)/rows.jsonl").split(separator: 0x0A).map { line in
      let object = try #require(JSONSerialization.jsonObject(with: line) as? [String: Any])
      let kept = object.filter { !$0.key.hasSuffix("_ms") }
      return String(decoding: try JSONSerialization.data(withJSONObject: kept, options: .sortedKeys), as: UTF8.self)
    }
  }

  /// A run's table without the columns of times.
  private func table(_ run: String) throws -> [[Substring]] {
    let lines = String(decoding: try contents("\(run)/results.csv"), as: UTF8.self).split(separator: "\r\n").map {
      $0.split(separator: ",", omittingEmptySubsequences: false)
    }
    let columns = lines[0].indices.filter { !lines[0][$0].hasSuffix("_ms") }
    return lines.map { line in columns.map { line[$0] } }
  }

  @Test
  func `has the dense row, each strategy and budget once, and the baselines`() throws {
    let scratch = try Scratch()
    let file = try questions(scratch, count: 3)
    let command = sweep(
      file, strategies: "hiprune(alpha=0.2, object=2),random,hiprune(object=2, alpha=0.2)", "--keep", "all,9,4,36%,9",
      "--json")
    let outcome = try expectSuccess(command)
    #expect(outcome.errors.contains("note: 9 and 36% of 25 visual tokens are the same budget"))
    #expect(!outcome.errors.contains("note: 4 and"))
    let rows = try #require(try outcome.json()["rows"] as? [[String: Any]])
    let names = rows.map { "\(($0["strategy"] as? String)?.prefix { $0 != "(" } ?? "") \($0["keep"] ?? "")" }
    #expect(
      Set(names)
        == Set(
          ["none all"]
            + ["hiprune", "random", "uniform", "downsample"].flatMap { n in ["9", "4", "36%"].map { "\(n) \($0)" } }))
    #expect(names.count == 13)
    #expect(rows.allSatisfy { $0["n"] as? Int == 3 && $0["accuracy"] as? Double == 0 })
    try expectFailure(sweep(file, strategies: "nobody"), exitCode: 2, naming: "nobody")
    try expectFailure(sweep(file, "--keep", "99"), exitCode: 2, naming: "99")
    try expectFailure(sweep(file, "--strategy", "random"), exitCode: 2, naming: "--strategies")
  }

  @Test
  func `without --keep tries 100, 50, 25 and 11 %`() throws {
    let scratch = try Scratch()
    let command = Command(
      "sweep", "--questions", try questions(scratch, count: 3), "--images", Fixtures.url("images").path, "--model",
      classic, "--max-new-tokens", "2", "--strategies", "hiprune", "--json")
    let rows = try #require(try expectSuccess(command).json()["rows"] as? [[String: Any]])
    #expect(Set(rows.compactMap { $0["keep"] as? String }) == ["all", "50%", "25%", "11%"])
  }

  @Test
  func `a run that was cut at any byte goes on to the same rows and the same table`() throws {
    let scratch = try Scratch()
    let file = try questions(scratch)
    let whole = scratch.path("whole")
    try expectSuccess(sweep(file, "--out", whole))
    let (expectedRows, expectedTable) = (try rows(whole), try table(whole))
    #expect(expectedRows.count == 6 * 5)
    let bytes = try contents("\(whole)/rows.jsonl")
    let cut = scratch.path("cut")
    for length in [0, 1, bytes.count / 3, bytes.count / 2, bytes.count - 1] {
      for tail in [Data(), Data(count: 7), Data("{\"question".utf8)] {
        try? FileManager.default.removeItem(atPath: cut)
        try FileManager.default.createDirectory(atPath: cut, withIntermediateDirectories: true)
        try FileManager.default.copyItem(atPath: "\(whole)/manifest.json", toPath: "\(cut)/manifest.json")
        try (bytes.prefix(length) + tail).write(to: URL(fileURLWithPath: "\(cut)/rows.jsonl"))
        try expectSuccess(sweep(file, "--out", cut))
        #expect(try rows(cut) == expectedRows, "cut at \(length)")
        #expect(try table(cut) == expectedTable, "cut at \(length)")
      }
    }
  }

  @Test
  func `a finished run is not touched, and a command that differs is refused by the field`() throws {
    let scratch = try Scratch()
    let file = try questions(scratch)
    let run = scratch.path("run")
    try expectSuccess(sweep(file, "--out", run))
    let names = ["manifest.json", "rows.jsonl", "results.csv"]
    func times() throws -> [Date] {
      try (names.map { "\(run)/\($0)" } + [run]).map {
        try #require(FileManager.default.attributesOfItem(atPath: $0)[.modificationDate] as? Date)
      }
    }
    let before = try times()
    try expectSuccess(sweep(file, "--out", run, "--threads", "1"))
    #expect(try times() == before)
    try expectFailure(sweep(file, "--out", run, "--seed", "3"), naming: "seed", "0", "3")
    try expectFailure(sweep(file, strategies: "fopru", "--out", run), naming: "strategies", "hiprune")
    try expectFailure(sweep(file, "--out", run, "--limit", "2"), naming: "limit")
    try expectFailure(sweep(file, "--out", run, "--positions", "original"), naming: "positions")
    try expectFailure(sweep(file, "--out", run, "--system", "Be brief."), naming: "system")
    #expect(try times() == before)
    let other = scratch.path("other")
    try FileManager.default.createDirectory(atPath: other, withIntermediateDirectories: true)
    try Data("mine".utf8).write(to: URL(fileURLWithPath: "\(other)/notes.txt"))
    try expectFailure(sweep(file, "--out", other), naming: "other", "not empty")
    #expect(try FileManager.default.contentsOfDirectory(atPath: other) == ["notes.txt"])
  }

  @Test
  func `a broken row before the last is an error that names its line`() throws {
    let scratch = try Scratch()
    let file = try questions(scratch)
    let run = scratch.path("run")
    try expectSuccess(sweep(file, "--out", run))
    var lines = try contents("\(run)/rows.jsonl").split(separator: 0x0A).map { Data($0) }
    lines[2] = lines[2].prefix(20)
    let broken = Data(lines.joined(separator: [0x0A])) + Data([0x0A])
    try broken.write(to: URL(fileURLWithPath: "\(run)/rows.jsonl"))
    try expectFailure(sweep(file, "--out", run), naming: "rows.jsonl, line 3")
    #expect(try contents("\(run)/rows.jsonl") == broken)
  }

  @Test
  func `shards make the run that one process makes, merged in any order`() throws {
    let scratch = try Scratch()
    let file = try questions(scratch)
    let whole = scratch.path("whole")
    try expectSuccess(sweep(file, "--out", whole))
    let parts = (1...4).map { scratch.path("part-\($0)") }
    for (index, part) in parts.enumerated() {
      try expectSuccess(sweep(file, "--out", part, "--shard", "\(index + 1)/4"))
    }
    let merged = scratch.path("merged")
    let report = try expectSuccess(Command(["merge"] + parts.reversed() + ["--out", merged, "--json"])).json()
    #expect(report["rows"] as? Int == 30 && report["questions"] as? Int == 6)
    #expect(try rows(merged) == (try rows(whole)))
    #expect(try table(merged) == (try table(whole)))
    // The whole command takes the merged run for its own.
    try expectSuccess(sweep(file, "--out", merged))
    let again = scratch.path("again")
    try expectFailure(Command("merge", parts[0], parts[1], parts[3], "--out", again), naming: "missing shard: 3/4")
    try expectFailure(Command(["merge", parts[0]] + parts + ["--out", again]), naming: "given twice")
    try expectFailure(Command("merge", whole, "--out", again), naming: "whole run")
    try expectFailure(Command(["merge"] + parts + ["--out", whole]), naming: "holds a run already")
    let other = scratch.path("other")
    try expectSuccess(sweep(file, "--out", other, "--shard", "2/4", "--seed", "5"))
    try expectFailure(Command("merge", parts[0], other, parts[2], parts[3], "--out", again), naming: "seed")
    #expect(!FileManager.default.fileExists(atPath: again))
    try expectFailure(sweep(file, "--out", again, "--shard", "0/4"), exitCode: 2, naming: "--shard")
    try expectFailure(sweep(file, "--out", again, "--shard", "5/4"), exitCode: 2, naming: "--shard")
    try expectFailure(sweep(file, "--shard", "1/4"), exitCode: 2, naming: "--out")
  }

  @Test
  func `a second process on one run is refused at once`() throws {
    let scratch = try Scratch()
    let file = try questions(scratch)
    let run = scratch.path("run")
    try expectSuccess(sweep(file, "--out", run))
    let descriptor = open("\(run)/rows.jsonl", O_RDWR)
    defer { close(descriptor) }
    #expect(descriptor >= 0 && flock(descriptor, LOCK_EX | LOCK_NB) == 0)
    try expectFailure(sweep(file, "--out", run), naming: "another process")
  }

  /// A limit on the size of files stands for a full disk: both are errors of a write.
  @Test
  func `a full disk is one error; the same command goes on when there is room`() throws {
    let scratch = try Scratch()
    let file = try questions(scratch)
    let (whole, run) = (scratch.path("whole"), scratch.path("run"))
    try expectSuccess(sweep(file, "--out", whole))
    var full = sweep(file, "--out", run)
    // In blocks of 512 bytes.
    full.line = "ulimit -f 6 && exec \"$0\" \(full.arguments.map { "'\($0)'" }.joined(separator: " "))"
    try expectFailure(full, naming: "rows.jsonl", "goes on where it stopped")
    let kept = try contents("\(run)/rows.jsonl")
    #expect(kept.count > 0 && kept.last == 0x0A)
    try expectSuccess(sweep(file, "--out", run))
    #expect(try rows(run) == (try rows(whole)))
    #expect(try table(run) == (try table(whole)))
  }

  @Test(arguments: [("INT", SIGINT), ("TERM", SIGTERM)])
  func `a signal leaves whole rows and a table of them that is marked partial`(name: String, number: Int32) throws {
    let scratch = try Scratch()
    let file = try questions(scratch, count: 600)
    let run = scratch.path("run")
    var command = sweep(file, "--out", run)
    let words = command.arguments.map { "'\($0)'" }.joined(separator: " ")
    command.line =
      "{ until [ -s '\(run)/rows.jsonl' ]; do :; done; kill -\(name) $$; } & exec \"$0\" \(words)"
    let outcome = try command.run()
    #expect(outcome.exitCode == 128 + number, "\(outcome.text) \(outcome.errors)")
    #expect(outcome.errors.contains("stopped early"))
    #expect(outcome.text.hasPrefix("partial") || outcome.errors.contains("of the 0 questions"))
    let bytes = try contents("\(run)/rows.jsonl")
    #expect(bytes.last == 0x0A && !FileManager.default.fileExists(atPath: "\(run)/results.csv"))
    #expect(try rows(run).count < 600 * 5)
  }

  @Test(arguments: ["table", "markdown", "csv", "json"])
  func `the table comes in four formats`(format: String) throws {
    let scratch = try Scratch()
    let outcome = try expectSuccess(sweep(try questions(scratch, count: 3), "--format", format))
    switch format {
    case "markdown": #expect(outcome.text.hasPrefix("| strategy |"))
    case "csv": #expect(outcome.text.hasPrefix("strategy,keep,category,n,"))
    case "json": #expect((try outcome.json()["rows"] as? [Any])?.count == 5)
    default: #expect(outcome.text.hasPrefix("strategy"))
    }
  }

  /// The error is JSON wherever the result would have been.
  @Test(arguments: [["--format", "json"], ["--format=json"], ["--json"], ["--json", "--format", "json"]])
  func `asked for JSON, it says in JSON what is wrong`(options: [String]) throws {
    let scratch = try Scratch()
    var command = sweep(try questions(scratch, count: 3), strategies: "nobody")
    command.arguments += options
    let outcome = try command.run()
    #expect(outcome.exitCode == 2 && outcome.output.isEmpty && outcome.errorLines.count == 1)
    #expect(try SchemaValidator("error").problems(try JSONValue(parsing: Array(outcome.errors.utf8))) == [])
    command.arguments += ["--nonsense"]
    #expect(try command.run().errors.hasPrefix("{\"command\":\"sweep\""))
  }

  @Test(arguments: ["table", "csv"])
  func `asked for another format, it says it in two lines`(format: String) throws {
    let scratch = try Scratch()
    try expectFailure(
      sweep(try questions(scratch, count: 3), strategies: "nobody", "--format", format), exitCode: 2, naming: "nobody")
  }

  @Test
  func `failed questions stay as they are, until --retry-failed asks for them again`() throws {
    let scratch = try Scratch()
    for name in ["good", "bad"] {
      try FileManager.default.copyItem(atPath: square, toPath: scratch.path("\(name).png"))
    }
    let lines = ["good", "bad", "good", "bad"].enumerated().map {
      #"{"question_id": \#($0), "image": "\#($1).png", "text": "What is \#($0)?", "answer": "x"}"#
    }
    let file = try scratch.write(lines.joined(separator: "\n"), as: "questions.jsonl")
    func sweep(_ out: String, _ more: String...) -> Command {
      Command(
        [
          "sweep", "--questions", file, "--images", scratch.folder, "--model", classic, "--max-new-tokens", "4",
          "--strategies", "uniform", "--keep", "9", "--out", scratch.path(out),
        ] + more)
    }
    try expectSuccess(sweep("whole"))
    let picture = try scratch.bytes("bad.png")
    try scratch.write("no picture", as: "bad.png")
    #expect(try expectSuccess(sweep("run")).errors.contains("8 answers failed"))
    try scratch.write(picture, as: "bad.png")
    let log = try scratch.bytes("run/rows.jsonl")
    #expect(try expectSuccess(sweep("run")).errors.contains("8 answers failed"))
    #expect(try scratch.bytes("run/rows.jsonl") == log)
    let retried = try expectSuccess(sweep("run", "--retry-failed"))
    #expect(!retried.errors.contains("failed"))
    #expect(try rows(scratch.path("run")).sorted() == (try rows(scratch.path("whole")).sorted()))
    #expect(try table(scratch.path("run")) == (try table(scratch.path("whole"))))
    var nowhere = sweep("run", "--retry-failed")
    nowhere.arguments.removeAll { $0 == "--out" || $0 == scratch.path("run") }
    try expectFailure(nowhere, exitCode: 2, naming: "--retry-failed needs --out")
  }

  @Test
  func `--predict makes rows and no figures, in JSON too`() throws {
    let scratch = try Scratch()
    let line = #"{"question_id": 1, "image": "tiny-square.png", "text": "What?"}"#
    let file = try scratch.write(line, as: "questions.jsonl")
    let report = try expectSuccess(sweep(file, "--predict", "--out", scratch.path("run"), "--json")).json()
    #expect(report["n"] as? Int == 0 && (report["rows"] as? [Any])?.isEmpty == true)
    #expect(try rows(scratch.path("run")).count == 5)
    let text = String(decoding: try JSONSerialization.data(withJSONObject: report), as: UTF8.self)
    #expect(try SchemaValidator("sweep").problems(try JSONValue(parsing: Array(text.utf8))) == [])
  }

  /// A row is written and forgotten; the table's figures are a few numbers for each.
  @Test
  func `peak memory does not depend on how many questions there are`() throws {
    func peak(_ count: Int) throws -> Double {
      let scratch = try Scratch()
      let command = sweep(
        try questions(scratch, count: count), strategies: "uniform", "--max-new-tokens", "1", "--threads", "1", "--out",
        scratch.path("run"), "--json")
      let report = try expectSuccess(command).json()
      #expect(report["n"] as? Int == count && (report["rows"] as? [Any])?.count == 4)
      return try #require(report["peak_bytes"] as? Double)
    }
    let (few, many) = (try peak(200), try peak(3200))
    #expect(many <= few * 1.05, "\(Int(few)) bytes at 200 questions, \(Int(many)) at 3,200")
  }
}
