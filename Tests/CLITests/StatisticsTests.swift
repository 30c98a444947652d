import Foundation
import TestSupport
import Testing

@Suite struct `vlmprune statistics` {
  private static let figures: Set<String> = [
    "n", "failed", "accuracy", "interval", "retained", "retained_interval", "lower", "p_none", "p_random",
    "p_none_holm", "p_random_holm",
  ]
  private let rows = Fixtures.url("evaluation/statistics-rows.jsonl").path

  @Test
  func `--json has the contract's fields, and the same bytes each time`() throws {
    let command = Command("statistics", rows, "--replicates", "200", "--json")
    let outcome = try expectSuccess(command)
    let report = try expectKeys(outcome.json(), EnvelopeKeys.every.union(["n", "seed", "replicates", "rows"]))
    #expect(report["n"] as? Int == 240 && report["seed"] as? Int == 0 && report["replicates"] as? Int == 200)
    for row in try #require(report["rows"] as? [Any]) {
      let row = try expectKeys(row, Self.figures.union(["strategy", "keep", "categories"]))
      let categories = try expectKeys(row["categories"], ["colour", "count", "position"])
      for category in categories.values { _ = try expectKeys(category, Self.figures) }
    }
    #expect(try expectSuccess(command).output == outcome.output)
    #expect(
      try expectSuccess(Command("statistics", rows, "--replicates", "200", "--json", "--seed", "1")).output
        != outcome.output)
  }

  @Test
  func `--at-least answers for every strategy`() throws {
    let report = try expectSuccess(Command("statistics", rows, "--replicates", "500", "--json", "--at-least", "90%"))
      .json()
    let answer = try expectKeys(report["at_least"], ["share", "confidence", "strategies"])
    #expect(answer["share"] as? Double == 0.9 && answer["confidence"] as? Double == 0.95)
    let strategies = try expectKeys(answer["strategies"], ["hiprune(alpha=0.1, object=2)", "random", "uniform"])
    #expect(
      try expectKeys(strategies["hiprune(alpha=0.1, object=2)"], ["keep", "retained", "lower"])["keep"] as? String
        == "25%")
    #expect(try expectKeys(strategies["uniform"], ["keep", "retained", "lower"])["keep"] is NSNull)
    let table = try expectSuccess(Command("statistics", rows, "--replicates", "500", "--at-least", "0.9")).text
    #expect(table.contains("smallest keep for 90.0%") && table.contains("none holds"))
    #expect(
      table.contains("every larger one keep at least 90.0%") && table.contains("None holds for uniform: the bound"))
  }

  @Test
  func `the table has a row a setting; rows come from stdin too, drawn by image`() throws {
    var command = Command("statistics", "-", "--cluster", "image", "--replicates", "200")
    command.input = [UInt8](try Data(contentsOf: URL(filePath: rows)))
    let lines = try expectSuccess(command).text.split(separator: "\n")
    #expect(lines.count == 9 && lines[0].hasPrefix("strategy") && lines[1].hasPrefix("none"))
  }

  @Test
  func `what cannot be compared is two lines and an exit code`() throws {
    let scratch = try Scratch()
    let row = #"{"question_id":1,"strategy":"none","keep":"all","correct":true}"#
    try expectFailure(Command("statistics", "/nowhere.jsonl"), naming: "/nowhere.jsonl")
    try expectFailure(Command("statistics", try scratch.write("", as: "empty")), naming: "holds no row")
    try expectFailure(Command("statistics", try scratch.write("\(row)\n{\"question", as: "cut")), naming: "line 2")
    try expectFailure(
      Command("statistics", try scratch.write("\(row)\n\(row)\n", as: "twice")), naming: "line 2", "question 1")
    let random = row.replacing("none", with: "random").replacing("1,", with: "2,")
    try expectFailure(
      Command("statistics", try scratch.write("\(row)\n\(random)\n", as: "missing")), naming: "question 2",
      "none at all")
    try expectFailure(
      Command("statistics", try scratch.write(row, as: "bare"), "--cluster", "image"), naming: "question 1", "image")
    for share in ["0", "0%", "101%", "1.5", "-5%", "x", "98", "nan"] {
      try expectFailure(Command("statistics", rows, "--at-least", share), exitCode: 2, naming: "at-least")
    }
    try expectFailure(Command("statistics", rows, "--at-least", "95"), exitCode: 2, naming: "write 95% or 0.95")
    try expectFailure(Command("statistics", scratch.folder), naming: "it is a folder", "\(scratch.folder)/rows.jsonl")
    try expectFailure(Command("statistics", rows, "--replicates", "0"), exitCode: 2, naming: "--replicates is 0")
    try expectFailure(Command("statistics", rows, "--seed", "-1"), exitCode: 2, naming: "seed")
    try expectFailure(Command("statistics", rows, "--cluster", "day"), exitCode: 2, naming: "cluster")
  }
}
