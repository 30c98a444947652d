import Foundation
import TestSupport
import Testing

@Suite struct `ask on a terminal holds a conversation` {
  private func converse(_ lines: String..., more: [String] = [], image: String = square) throws -> Terminal {
    let command = Command(["ask", image, "--model", classic, "--max-new-tokens", "4"] + more)
    let terminal = try Terminal(command, typing: lines)
    #expect(!terminal.isTimedOut && terminal.exitCode == 0, "\(terminal)")
    return terminal
  }

  private func keptLines(_ terminal: Terminal) -> [String] {
    terminal.errors.split(separator: "\n").map { $0.drop { "> ".contains($0) } }.filter { $0.hasPrefix("kept") }
      .map(String.init)
  }

  @Test
  func `questions are answered on stdout, and the rest is on stderr`() throws {
    let terminal = try converse("What is this?", "", "   ", "And now?", "/quit", "never asked")
    #expect(terminal.screen.split(separator: "\n", omittingEmptySubsequences: false).count == 3)
    #expect(keptLines(terminal) == Array(repeating: "kept 25 of 25 visual tokens (100.0%)", count: 2))
    let first = try expectSuccess(
      Command("ask", square, "--model", classic, "-q", "What is this?", "--max-new-tokens", "4"))
    #expect(terminal.screen.hasPrefix(first.text))
    #expect(terminal.errors.contains("/image FILE, /keep N, /strategy SPEC, /quit"))
  }

  @Test
  func `/keep and /strategy prune anew from the next question on`() throws {
    let terminal = try converse(
      "What?", "/keep 9", "What?", "/strategy uniform", "/keep 20%", "What?", "/keep all", "What?", "/quit")
    #expect(keptLines(terminal).map { $0.prefix(10) } == ["kept 25 of", "kept 9 of ", "kept 5 of ", "kept 25 of"])
    #expect(!terminal.errors.contains("error:"))
  }

  @Test
  func `/image starts again with another picture`() throws {
    let terminal = try converse("What is this?", "/image \(wide)", "What is this?", "/quit")
    let alone = try expectSuccess(
      Command("ask", wide, "--model", classic, "-q", "What is this?", "--max-new-tokens", "4"))
    #expect(terminal.screen.hasSuffix(alone.text))
    #expect(keptLines(terminal).count == 2)
  }

  @Test
  func `an error inside is told, and the conversation goes on as before it`() throws {
    let bad = [
      "/keep 26", "/keep", "/keep nan", "/strategy nothing", "/strategy", "/strategy fastervlm(layer=77)", "/image",
      "/image /no/such.png", "/nothing", "/strategy none",
    ]
    let command = Command(["ask", square, "--model", classic, "--max-new-tokens", "4", "--keep", "9"])
    let terminal = try Terminal(command, typing: bad + ["What is this?", "/quit"])
    #expect(terminal.exitCode == 0)
    let lines = terminal.errors.split(separator: "\n").map { $0.drop { "> ".contains($0) } }
    #expect(lines.count { $0.hasPrefix("error: ") } == bad.count, "\(terminal.errors)")
    #expect(lines.count { $0.hasPrefix("hint: ") } == bad.count)
    var once = command
    once.arguments += ["-q", "What is this?"]
    #expect(terminal.screen == (try expectSuccess(once)).text)
  }

  @Test
  func `a question that did not fit leaves the pictures for the next one`() throws {
    let long = String(repeating: "many words ", count: 300)
    let terminal = try converse(long, "What is this?", "/quit")
    #expect(terminal.errors.contains("context holds 512"))
    let alone = try expectSuccess(
      Command("ask", square, "--model", classic, "-q", "What is this?", "--max-new-tokens", "4"))
    #expect(terminal.screen == alone.text)
  }

  @Test
  func `the end of input ends it`() throws {
    // Control-D at the start of a line.
    #expect(keptLines(try converse("What is this?", "\u{4}")).count == 1)
  }

  @Test
  func `what a conversation cannot do is refused`() throws {
    for more in [["--raw-prompt"], ["--overlay", "/tmp/x.png"], ["--json"]] {
      let command = Command(["ask", square, "--model", classic] + more)
      let terminal = try Terminal(command, typing: [])
      let outcome = Outcome(
        output: Array(terminal.screen.utf8), errors: terminal.errors, exitCode: terminal.exitCode, signal: nil,
        isTimedOut: terminal.isTimedOut)
      expectFailure(outcome, of: command, exitCode: 2)
    }
    let missing = try Terminal(Command("ask", "/no/such.png", "--model", classic), typing: [])
    #expect(missing.exitCode == 1 && missing.screen.isEmpty && missing.errors.hasPrefix("error: cannot read"))
  }
}
