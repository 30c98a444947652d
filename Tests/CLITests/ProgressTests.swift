import Foundation
import TestSupport
import Testing

@testable import vlmprune

@Suite struct `Progress is shown` {
  private let line = ProgressLine(verb: "answered", done: 120, total: 3200, rate: 4.13, note: "57 right")

  @Test
  func `in as many columns as there are, and never in the last one`() {
    for columns in 0...200 {
      for (done, total) in [(0, 0), (0, 1), (1, 1), (120, 3200), (3_000_000, 3_200_000)] {
        for rate in [nil, 0.01, 4.13, 12345.6] {
          let text = ProgressLine(verb: "answered", done: done, total: total, rate: rate, note: "57 right")
            .text(columns: columns)
          #expect(text.count < max(columns, 1), "\(columns): \(text)")
          #expect(columns >= ProgressLine.narrowest || !text.contains("["))
          #expect(columns < ProgressLine.narrowest || text.hasPrefix("["))
        }
      }
    }
  }

  @Test
  func `with a bar from forty columns, and what matters least left out first`() {
    let bar = "[#-----------------------------]"
    #expect(line.text(columns: 200) == "\(bar) 120/3200 · 4.1/s · 12 min left · 57 right")
    #expect(line.text(columns: 60) == "[---------------] 120/3200 · 4.1/s · 12 min left · 57 right")
    #expect(line.text(columns: 48) == "[--------------] 120/3200 · 4.1/s · 12 min left")
    #expect(line.text(columns: 40) == "[--------------------] 120/3200 · 4.1/s")
    #expect(line.text(columns: 39) == "120/3200 · 4.1/s · 12 min left")
    #expect(line.text(columns: 20) == "120/3200 · 4.1/s")
    #expect(line.text(columns: 5) == "120/")
  }

  @Test
  func `as a sentence where there is no terminal`() {
    #expect(line.plain == "answered 120 of 3200 · 4.1/s · 12 min left · 57 right")
    let start = ProgressLine(verb: "timed", done: 0, total: 3, rate: nil, note: "")
    #expect(start.plain == "timed 0 of 3")
    #expect([0.4, 89, 95, 5399, 5400].map(ProgressLine.time) == ["0 s", "89 s", "2 min", "90 min", "1.5 h"])
  }

  @Test
  func `ten times a second on a terminal, every ten seconds elsewhere`() {
    func isDue(_ form: ProgressStream.Form, _ elapsed: Double, after last: Double?, isLast: Bool = false) -> Bool {
      ProgressStream.isDue(form, elapsed: .seconds(elapsed), last: last.map { .seconds($0) }, isLast: isLast)
    }
    #expect(!isDue(.rewritten, 0.05, after: nil) && isDue(.rewritten, 0.1, after: nil))
    #expect(!isDue(.rewritten, 1.05, after: 1) && isDue(.rewritten, 1.05, after: 1, isLast: true))
    #expect(!isDue(.lines, 9.9, after: nil) && isDue(.lines, 10, after: nil))
    #expect(!isDue(.lines, 19.9, after: 10, isLast: true) && isDue(.lines, 20, after: 10))
  }

  @Test
  func `of packing, in the unit of the model's size`() {
    #expect(
      PackingLine.text(doneBytes: 2_414_000_000, totalBytes: 7_100_000_000) == "packing weights 34 % · 2.4 of 7.1 GB")
    #expect(PackingLine.text(doneBytes: 3_000_000, totalBytes: 3_000_000) == "packing weights 100 % · 3 of 3 MB")
    #expect(PackingLine.text(doneBytes: 1, totalBytes: 2, columns: 16) == "packing weights")
  }

  /// The window is made narrower once the first line stands: every line from the next one on must fit.
  @Test
  func `no wider than the window, also after it was made narrower`() throws {
    let scratch = try Scratch()
    let questions = (0..<600).map {
      #"{"question_id": \#($0), "image": "tiny-square.png", "text": "What is this?", "answer": "x"}"#
    }
    let file = try scratch.write(Array(questions.joined(separator: "\n").utf8), as: "questions.jsonl")
    var command = Command("eval", "--questions", file, "--images", Fixtures.url("images").path, "--model", classic)
    command.arguments += ["--max-new-tokens", "1", "--threads", "1", "--no-reuse"]
    let terminal = try Terminal(command, columns: [100, 50])
    #expect(terminal.exitCode == 0)
    let drawn = terminal.screen.split(separator: "\n")[0].split(separator: "\r").map(String.init)
    #expect(drawn.count >= 3, "\(drawn)")
    let wide = drawn.prefix { $0.count > 49 }
    #expect(wide.allSatisfy { $0.count <= 99 && $0.hasPrefix("[") })
    let narrow = drawn.dropFirst(wide.count)
    #expect(!wide.isEmpty && !narrow.isEmpty && narrow.allSatisfy { $0.count <= 49 && $0.hasPrefix("[") }, "\(drawn)")
    #expect(drawn.last?.contains(" 600/600") == true)
    // One line, ended once: what follows starts at the left.
    #expect(terminal.screen.contains("\nnone: kept 25 of 25 visual tokens"))
  }

  @Test
  func `not on a pipe of a short run, and not with --json on a terminal`() throws {
    let scratch = try Scratch()
    let question = #"{"question_id": 1, "image": "tiny-square.png", "text": "What is this?", "answer": "x"}"#
    let file = try scratch.write(Array(question.utf8), as: "questions.jsonl")
    let command = Command("eval", "--questions", file, "--images", Fixtures.url("images").path, "--model", classic)
    #expect(try expectSuccess(command).errors.isEmpty)
    let terminal = try Terminal(Command(command.arguments + ["--json"]), columns: [100])
    #expect(terminal.exitCode == 0 && terminal.screen.hasPrefix("{") && !terminal.screen.contains("\r"))
    let shown = try Terminal(command, columns: [100])
    #expect(shown.screen.hasPrefix("\r[") && shown.screen.contains("] 1/1 · "))
  }
}
