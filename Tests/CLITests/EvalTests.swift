import Foundation
import TestSupport
import Testing

@Suite struct `vlmprune eval` {
  private static let fields: Set<String> = [
    "accuracy", "interval", "n", "categories", "strategy", "visual_tokens", "kept", "keep_ratio", "metric",
    "timings_ms", "peak_bytes", "failed", "partial",
  ]

  /// Three questions about two pictures, the first with a right answer that no tiny model gives.
  private func questions(_ scratch: Scratch, lines: [String]? = nil) throws -> String {
    let standard = [
      #"{"question_id": 1, "image": "tiny-square.png", "text": "What is this?", "answer": "x", "category": "what"}"#,
      #"{"question_id": "b", "image": "tiny-wide.png", "text": "Why?", "answers": ["y", "z"], "category": "why"}"#,
      #"{"question_id": 3, "image": "tiny-square.png", "text": "Who?", "answer": "x"}"#,
    ]
    return try scratch.write(Array((lines ?? standard).joined(separator: "\n").utf8), as: "questions.jsonl")
  }

  private func eval(_ questions: String, _ more: String...) -> Command {
    Command(
      ["eval", "--questions", questions, "--images", Fixtures.url("images").path, "--model", classic] + more)
  }

  /// A question costs its own text and counts, however many there are: no logits, and no row of any picture.
  @Test
  func `peak memory does not depend on how many questions there are`() throws {
    func peak(_ count: Int) throws -> Double {
      let scratch = try Scratch()
      let pictures = ["tiny-square.png", "tiny-wide.png", "tiny-tall.png", "tiny-panorama.png"]
      let lines = (0..<count).map { number in
        let picture = pictures[number * pictures.count / count]
        return #"{"question_id": \#(number), "image": "\#(picture)", "text": "What is this?", "answer": "x"}"#
      }
      let file = try questions(scratch, lines: lines)
      let report = try succeed(eval(file, "--max-new-tokens", "1", "--threads", "1", "--json")).json()
      #expect(report["n"] as? Int == count)
      return try #require(report["peak_bytes"] as? Double)
    }
    let (few, many) = (try peak(200), try peak(3200))
    #expect(many <= few * 1.05, "\(Int(few)) bytes at 200 questions, \(Int(many)) at 3,200")
  }

  @Test
  func `--json has the contract's fields, every question counted once`() throws {
    let scratch = try Scratch()
    let command = eval(try questions(scratch), "--strategy", "hiprune", "--keep", "9", "--json")
    let report = try succeed(command).json()
    #expect(Set(report.keys) == Self.fields.union(EnvelopeKeys.run))
    #expect(report["n"] as? Int == 3 && report["accuracy"] as? Double == 0)
    #expect(report["visual_tokens"] as? Int == 25 && report["kept"] as? Double == 9)
    #expect(report["metric"] as? String == "exact")
    #expect((report["strategy"] as? String)?.hasPrefix("hiprune(alpha=0.1") == true)
    let categories = try #require(report["categories"] as? [String: [String: Any]])
    #expect(categories.mapValues { $0["n"] as? Int } == ["what": 1, "why": 1, "(none)": 1])
    #expect((report["interval"] as? [Double])?.count == 2)
  }

  @Test
  func `answers are LLaVA's lines, in the order of the questions, and equal what ask says`() throws {
    let scratch = try Scratch()
    let path = scratch.path("answers.jsonl")
    let command = eval(try questions(scratch), "--answers", path, "--max-new-tokens", "8")
    #expect(try succeed(command).text.contains("overall"))
    let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
    let objects = try lines.map {
      try #require(JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
    }
    #expect(objects.count == 3)
    #expect(objects[0]["question_id"] as? Int == 1 && objects[1]["question_id"] as? String == "b")
    let keys: Set = ["question_id", "prompt", "text", "answer_id", "model_id", "metadata"]
    for object in objects { #expect(Set(object.keys) == keys) }
    #expect(objects[0]["text"] as? String == (try succeed(ask("--json")).json()["answer"] as? String))
  }

  @Test
  func `--limit answers the first ones only, --no-reuse the same`() throws {
    let scratch = try Scratch()
    let file = try questions(scratch)
    let limited = try succeed(eval(file, "--limit", "2", "--json", "--no-reuse")).json()
    #expect(limited["n"] as? Int == 2)
  }

  @Test
  func `what cannot be evaluated is two lines and an exit code`() throws {
    let scratch = try Scratch()
    let file = try questions(scratch)
    try fail(eval("/nowhere.jsonl"), naming: "/nowhere.jsonl")
    try fail(eval(scratch.folder), naming: "folder")
    try fail(eval(file, "--answers", "/nowhere/answers.jsonl"), naming: "--answers /nowhere/answers.jsonl")
    try fail(eval(file, "--metric", "bleu"), exitCode: 2, naming: "bleu", "exact")
    try fail(eval(file, "--limit", "-1"), exitCode: 2, naming: "--limit is -1")
    try fail(eval(file, "--keep", "26"), exitCode: 2, naming: "25")
    let broken = try questions(scratch, lines: [#"{"question_id": 1}"#])
    try fail(eval(broken), naming: "line 1")
    let absent = try questions(
      scratch, lines: [#"{"question_id": 7, "image": "absent.png", "text": "What?", "answer": "x"}"#])
    try fail(eval(absent), naming: "absent.png")
    let device = try questions(
      scratch,
      lines: [#"{"question_id": 7, "image": "../../../../../../../../dev/zero", "text": "What?", "answer": "x"}"#])
    try fail(eval(device), naming: "dev/zero")
  }
}

@Suite struct `vlmprune sweep` {
  @Test
  func `has the dense row and one a strategy and budget; options may hold commas`() throws {
    let scratch = try Scratch()
    let questions = try scratch.write(
      #"{"question_id": 1, "image": "tiny-square.png", "text": "What is this?", "answer": "x"}"#, as: "q.jsonl")
    let base = [
      "sweep", "--questions", questions, "--images", Fixtures.url("images").path, "--model", classic,
      "--max-new-tokens", "4",
    ]
    let command = Command(
      base + ["--strategies", "hiprune(alpha=0.2, object=2),random", "--keep", "all,9,4", "--json"])
    let report = try succeed(command).json()
    let rows = try #require(report["rows"] as? [[String: Any]])
    #expect(rows.map { $0["kept"] as? Double } == [25, 9, 4, 9, 4])
    #expect((rows[1]["strategy"] as? String)?.contains("alpha=0.2") == true)
    #expect(rows.allSatisfy { $0["n"] as? Int == 1 && $0["accuracy"] as? Double == 0 })
    try fail(Command(base + ["--strategies", "nobody", "--keep", "9"]), exitCode: 2, naming: "nobody")
    try fail(Command(base + ["--strategies", "random", "--keep", "99"]), exitCode: 2, naming: "99")
    try fail(
      Command(base + ["--strategies", "random", "--strategy", "random"]), exitCode: 2, naming: "--strategies")
  }
}
