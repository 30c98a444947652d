import Foundation
import TestSupport
import Testing

@Suite struct `Streams, locale and colour` {
  @Test
  func `a reader that went away ends the process without a word`() throws {
    for arguments in [["strategies"], ["ask", square, "--model", classic, "-q", "What?"]] {
      let outcome = try PipedRun(Command(arguments)).outcome
      #expect(outcome.errors.isEmpty, "\(outcome.errors)")
      #expect(outcome.signal == SIGPIPE || outcome.exitCode == 0)
    }
  }

  @Test
  func `a full disk under stdout is an error, not a crash`() throws {
    for command in [ask(), ask("--json"), Command("strategies"), Command("--help"), Command("doctor", "--json")] {
      let outcome = try command.run(output: "/dev/full")
      expectFailure(outcome, of: command, exitCode: 1, naming: ["stdout"])
    }
  }

  @Test
  func `without a locale and with NO_COLOR, output is UTF-8 without escapes`() throws {
    for environment in [[:], ["NO_COLOR": "1"], ["LANG": "C", "LC_ALL": "C"], ["LC_ALL": "POSIX", "TERM": "xterm"]] {
      var command = ask("--keep", "9")
      command.environment = environment
      let outcome = try expectSuccess(command)
      #expect(outcome.errors.contains(" · ") && !outcome.errors.contains("\u{1B}") && !outcome.text.contains("\u{1B}"))
      #expect(String(validating: outcome.output, as: UTF8.self) != nil)
    }
  }

  @Test
  func `file names outside ASCII are read and reported`() throws {
    let scratch = try Scratch()
    let path = try scratch.write(
      [UInt8](try Data(contentsOf: URL(fileURLWithPath: square))), as: "Ünï 写真\n'\"; $(x).png")
    let report = try expectSuccess(ask("--json", image: path)).json()
    #expect(((report["images"] as? [JSONObject])?.first)?["file"] as? String == path)
    try expectFailure(ask(image: scratch.path("no\nsuch\u{1B}[31m.png")), naming: "no such", "cannot read")
  }

  @Test
  func `--verbose says more on stderr and nothing on stdout`() throws {
    let outcome = try expectSuccess(ask("--json", "--verbose"))
    _ = try outcome.json()
    #expect(outcome.errors.contains("25 visual tokens"))
  }

  /// A run whose stdout is a pipe that nobody reads.
  private struct PipedRun {
    let outcome: Outcome

    init(_ command: Command) throws {
      let scratch = try Scratch()
      var ends: [Int32] = [0, 0]
      #expect(pipe(&ends) == 0)
      for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
      close(ends[0])
      let child = try ChildProcess(
        command.command, environment: command.completeEnvironment(home: scratch.folder),
        input: .file("/dev/null"), output: .descriptor(ends[1]), errors: scratch.path("err"))
      close(ends[1])
      let end = child.wait(seconds: command.timeLimit)
      outcome = Outcome(
        output: [], errors: String(decoding: try scratch.bytes("err"), as: UTF8.self), exitCode: end.exitCode,
        signal: end.signal, isTimedOut: end.isTimedOut)
    }
  }
}
