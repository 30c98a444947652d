import Foundation
import TestSupport
import Testing

/// README's commands run as they stand, and give the answers that stand beside them.
@Suite struct `Every command of README` {
  struct Line: Sendable, CustomTestStringConvertible {
    let command: String
    /// What stands behind "#"; nil where nothing does.
    let answer: String?
    var testDescription: String { command }
  }

  /// Commands on files of the clone; words in capitals stand for the reader's own. Those of the tables take minutes and
  /// go on over several lines, which tells them.
  static let lines: [Line] = {
    let readme = (try? String(contentsOf: Fixtures.root.appending(path: "README.md"), encoding: .utf8)) ?? ""
    return readme.split(separator: "\n").filter { $0.hasPrefix("    vlmprune ") && !$0.hasSuffix("\\") }.compactMap {
      line in
      let parts = line.split(separator: "  #", maxSplits: 1).map { $0.trimmingCharacters(in: .whitespaces) }
      let words = Set(parts[0].split(separator: " ").map(String.init))
      guard words.isDisjoint(with: ["PHOTO", "FOLDER", "QUESTION", "DIR"]) else { return nil }
      return Line(command: parts[0], answer: parts.count > 1 ? parts[1] : nil)
    }
  }()

  @Test func `is read`() {
    #expect(Self.lines.count >= 12 && Self.lines.count(where: { $0.answer != nil }) >= 2)
  }

  @Test func `runs, one after another, and answers what README says`() throws {
    let scratch = try Scratch()
    try FileManager.default.createSymbolicLink(
      atPath: scratch.path("fixtures"), withDestinationPath: Fixtures.url("").path)
    for line in Self.lines {
      var command = Command([])
      command.folder = scratch.folder
      command.environment = ["VLMPRUNE_HOME": Fixtures.url("models").path, "XDG_CACHE_HOME": scratch.path("cache")]
      command.timeLimit = 300
      command.line = line.command.replacing("vlmprune ", with: "\"$0\" ")
      let outcome = try command.run()
      #expect(outcome.exitCode == 0, "\(line.command): \(outcome.errors)")
      if let answer = line.answer {
        #expect(outcome.text.trimmingCharacters(in: .whitespacesAndNewlines) == answer, "\(line.command)")
      }
    }
    #expect(
      try scratch.names().filter { !["cache", "packed"].contains($0) } == [
        "answers.jsonl", "evidence.safetensors", "fixtures", "kept.png", "out.safetensors", "run",
      ])
  }

  /// The help page's example is answered rightly, too.
  @Test func `and of ask's help is answered rightly`() throws {
    var command = Command("ask", "fixtures/images/scene.png", "-q", "What colour is the star?", "--strategy", "hiprune")
    command.arguments += ["--keep", "64"]
    command.environment = ["VLMPRUNE_HOME": Fixtures.url("models").path]
    let help = try Command("ask", "--help").run().text
    #expect(help.contains(#"vlmprune ask fixtures/images/scene.png -q "What colour is the star?""#))
    let outcome = try expectSuccess(command)
    #expect(outcome.text == "yellow\n")
    #expect(outcome.errors.contains("note: the bundled model knows drawn scenes"))
    #expect(outcome.errors.contains("its answers to anything else mean nothing"))
  }
}
