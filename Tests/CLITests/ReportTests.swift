import Foundation
import TestSupport
import Testing

@Suite struct `vlmprune report` {
  private static let files = ["report.html", "results.csv", "retention.svg", "summary.md", "time.svg"]

  /// A run's folder that may be written to; its paths start at the repository's root, where commands run.
  private func run(dropping: Int = 0, model: String? = nil) throws -> Scratch {
    let scratch = try Scratch()
    let folder = Fixtures.url("evaluation/run")
    let rows = try String(contentsOf: folder.appending(path: "rows.jsonl"), encoding: .utf8).split(separator: "\n")
    try scratch.write(rows.dropLast(dropping).joined(separator: "\n") + "\n", as: "rows.jsonl")
    let manifest = try String(contentsOf: folder.appending(path: "manifest.json"), encoding: .utf8)
    try scratch.write(model.map { manifest.replacing("shapes-llava", with: $0) } ?? manifest, as: "manifest.json")
    return scratch
  }

  private func report(_ scratch: Scratch, _ more: String...) -> Command {
    var command = Command(["report", scratch.folder, "--replicates", "100"] + more)
    command.environment["VLMPRUNE_HOME"] = classic
    return command
  }

  @Test
  func `a finished run gets its page, table, summary and charts, the same bytes each time`() throws {
    let scratch = try run()
    #expect(try expectSuccess(report(scratch)).text == "\(scratch.folder)/report.html\n")
    #expect(try scratch.names() == (Self.files + ["manifest.json", "rows.jsonl"]).sorted())
    let first = try Self.files.map { try scratch.bytes($0) }
    try expectSuccess(report(scratch))
    #expect(try Self.files.map { try scratch.bytes($0) } == first)
    let page = String(decoding: try scratch.bytes("report.html"), as: UTF8.self)
    // Four questions, four strategies that prune.
    #expect(page.matches(of: /<img src="data:image\/png;base64,/).count == 16)
    #expect(page.contains("kept 6 of 25") && !page.contains("are missing"))
  }

  @Test
  func `results.csv is the statistics of its rows`() throws {
    let scratch = try run()
    try expectSuccess(report(scratch, "--no-pictures"))
    let csv = String(decoding: try scratch.bytes("results.csv"), as: UTF8.self)
    let json = try expectSuccess(Command("statistics", scratch.path("rows.jsonl"), "--replicates", "100", "--json"))
      .text
    let overall = csv.split(separator: "\r\n").dropFirst().filter { $0.contains("%,,") || $0.contains("all,,") }
    #expect(overall.count == 13)
    // Digit for digit, as they are written.
    for line in overall {
      let fields = line.replacing(/^".*?"/, with: "").split(separator: ",", omittingEmptySubsequences: false)
      #expect(json.contains("\"retained\":\(fields[10]),\"retained_interval\":[\(fields[11]),\(fields[12])]"))
    }
  }

  @Test
  func `without the model the page says so; with --out the run stays as it is`() throws {
    let scratch = try run(model: "/nowhere/model")
    let out = scratch.path("new")
    let outcome = try expectSuccess(report(scratch, "--out", out))
    #expect(outcome.errors.contains("/nowhere/model"))
    let page = try String(contentsOfFile: "\(out)/report.html", encoding: .utf8)
    #expect(page.contains("pictures of kept patches are missing") && page.contains("/nowhere/model"))
    #expect(!page.contains("<img"))
    #expect(try scratch.names() == ["manifest.json", "new", "rows.jsonl"])
  }

  @Test
  func `an unfinished run's page says how many rows are there`() throws {
    let scratch = try run(dropping: 20)
    try expectSuccess(report(scratch, "--no-pictures"))
    let page = String(decoding: try scratch.bytes("report.html"), as: UTF8.self)
    #expect(page.contains("604 of 624 rows are there"))
    #expect(try scratch.names().contains("results.csv") == false)
  }

  @Test
  func `what is no run is two lines and an exit code`() throws {
    let scratch = try Scratch()
    try expectFailure(Command("report", "/nowhere"), naming: "/nowhere is no run", "sweep --out")
    try expectFailure(Command("report", scratch.folder), naming: "manifest.json")
    try scratch.write("{}", as: "manifest.json")
    try expectFailure(Command("report", scratch.folder), naming: "manifest.json", "names no model")
    try scratch.write(#"{"model": {"name": "m"}}"#, as: "manifest.json")
    try expectFailure(Command("report", scratch.folder), naming: "rows.jsonl")
    try scratch.write("", as: "rows.jsonl")
    try expectFailure(Command("report", scratch.folder), naming: "rows.jsonl holds no row")
    try scratch.write("x\n{\"a\": 1}\n", as: "rows.jsonl")
    try expectFailure(Command("report", scratch.folder), naming: "rows.jsonl, line 1")
    let finished = try run()
    try expectFailure(Command("report", finished.folder, "--out", "/dev/null/x", "--no-pictures"), naming: "--out")
    try expectFailure(Command("report", scratch.folder, "--replicates", "0"), exitCode: 2, naming: "--replicates is 0")
  }
}
