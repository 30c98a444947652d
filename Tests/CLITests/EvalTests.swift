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
      let report = try expectSuccess(eval(file, "--max-new-tokens", "1", "--threads", "1", "--json")).json()
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
    let report = try expectSuccess(command).json()
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
    #expect(try expectSuccess(command).text.contains("overall"))
    let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
    var objects = try lines.map {
      try #require(JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
    }
    // The first line says what the others depend on.
    #expect(objects.count == 4 && objects[0]["schema"] as? String == "vlmprune.answers/1")
    objects.removeFirst()
    #expect(objects[0]["question_id"] as? Int == 1 && objects[1]["question_id"] as? String == "b")
    #expect(objects[2]["question_id"] as? Int == 3)
    let keys: Set = ["question_id", "prompt", "text", "answer_id", "model_id", "metadata"]
    for object in objects { #expect(Set(object.keys) == keys) }
    #expect(objects[0]["text"] as? String == (try expectSuccess(ask("--json")).json()["answer"] as? String))
  }

  @Test
  func `the same command goes on with its answers, another is refused, and a foreign file is left alone`() throws {
    let scratch = try Scratch()
    let path = scratch.path("answers.jsonl")
    let file = try questions(scratch)
    let command = eval(file, "--answers", path, "--max-new-tokens", "8", "--json")
    let whole = try expectSuccess(command).json()
    let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
    // Cut in the middle of the last line, and in the middle of the first.
    for length in [bytes.count - 20, 40] {
      try bytes.prefix(length).write(to: URL(fileURLWithPath: path))
      let resumed = try expectSuccess(command).json()
      #expect(resumed["accuracy"] as? Double == whole["accuracy"] as? Double && resumed["n"] as? Int == 3)
      #expect(try texts(path) == (try texts(of: bytes)))
    }
    let done = try Data(contentsOf: URL(fileURLWithPath: path))
    try expectSuccess(command)
    #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == done)
    try expectFailure(
      eval(file, "--answers", path, "--max-new-tokens", "9", "--json"), naming: "max_new_tokens", "8", "9")
    let foreign = try scratch.write("hello\n", as: "foreign.jsonl")
    try expectFailure(eval(file, "--answers", foreign), naming: "foreign.jsonl")
    #expect(try String(contentsOfFile: foreign, encoding: .utf8) == "hello\n")
  }

  private func texts(_ path: String) throws -> [String] { try texts(of: Data(contentsOf: URL(fileURLWithPath: path))) }

  /// The answers of the lines, in their order.
  private func texts(of data: Data) throws -> [String] {
    try data.split(separator: 0x0A).dropFirst().map {
      let object = try #require(JSONSerialization.jsonObject(with: $0) as? [String: Any])
      return "\(object["question_id"] ?? "") \(object["text"] ?? "")"
    }
  }

  @Test
  func `questions without right answers are answered with --predict`() throws {
    let scratch = try Scratch()
    let file = try questions(scratch, lines: [#"{"question_id": 1, "image": "tiny-square.png", "text": "What?"}"#])
    let path = scratch.path("answers.jsonl")
    try expectFailure(eval(file), naming: "line 1", "answer")
    try expectFailure(eval(file, "--predict"), exitCode: 2, naming: "--answers")
    let report = try expectSuccess(eval(file, "--predict", "--answers", path, "--json", "--max-new-tokens", "4")).json()
    #expect(report["n"] as? Int == 0)
    #expect(try texts(path).count == 1)
  }

  @Test
  func `a damaged picture costs its questions only, and they are counted`() throws {
    let scratch = try Scratch()
    try FileManager.default.copyItem(atPath: square, toPath: scratch.path("good.png"))
    _ = try scratch.write(Array("\u{89}PNG no picture".utf8), as: "bad.png")
    let file = try questions(
      scratch,
      lines: ["good", "bad", "good"].enumerated().map {
        #"{"question_id": \#($0), "image": "\#($1).png", "text": "What is \#($0)?", "answer": "x"}"#
      })
    let outcome = try expectSuccess(
      Command(["eval", "--questions", file, "--images", scratch.folder, "--model", classic, "--json"]))
    let report = try outcome.json()
    #expect(report["failed"] as? Int == 1 && report["n"] as? Int == 3)
    #expect(outcome.errors.contains("1 of 3 questions failed"))
  }

  @Test
  func `a failed question keeps its line, until --retry-failed asks for it again`() throws {
    let scratch = try Scratch()
    try scratch.write("no picture", as: "bad.png")
    try FileManager.default.copyItem(atPath: square, toPath: scratch.path("good.png"))
    let file = try questions(
      scratch,
      lines: ["bad", "good"].enumerated().map {
        #"{"question_id": \#($0), "image": "\#($1).png", "text": "What is \#($0)?", "answer": "x"}"#
      })
    func eval(_ more: String...) -> Command {
      Command(
        [
          "eval", "--questions", file, "--images", scratch.folder, "--model", classic, "--max-new-tokens", "4",
          "--answers", scratch.path("answers.jsonl"), "--json",
        ] + more)
    }
    #expect(try expectSuccess(eval()).json()["failed"] as? Int == 1)
    let answered = try texts(scratch.path("answers.jsonl"))
    try scratch.write(try Data(contentsOf: URL(fileURLWithPath: square)), as: "bad.png")
    #expect(try expectSuccess(eval()).json()["failed"] as? Int == 1)
    let report = try expectSuccess(eval("--retry-failed")).json()
    #expect(report["failed"] as? Int == 0 && report["n"] as? Int == 2)
    let retried = try texts(scratch.path("answers.jsonl"))
    // In the order of the questions again.
    #expect(answered[0] == "0 " && retried[0].hasPrefix("0 ") && retried[0] != "0 ")
    #expect(retried.count == 2 && retried[1] == answered[1])
    try expectFailure(
      Command("eval", "--questions", file, "--images", scratch.folder, "--retry-failed"), exitCode: 2,
      naming: "--retry-failed needs --answers")
  }

  @Test
  func `--limit answers the first ones only, --no-reuse the same`() throws {
    let scratch = try Scratch()
    let file = try questions(scratch)
    let limited = try expectSuccess(eval(file, "--limit", "2", "--json", "--no-reuse")).json()
    #expect(limited["n"] as? Int == 2)
  }

  @Test
  func `what cannot be evaluated is two lines and an exit code`() throws {
    let scratch = try Scratch()
    let file = try questions(scratch)
    try expectFailure(eval("/nowhere.jsonl"), naming: "/nowhere.jsonl")
    try expectFailure(eval(scratch.folder), naming: "folder")
    try expectFailure(eval(file, "--answers", "/nowhere/answers.jsonl"), naming: "--answers /nowhere/answers.jsonl")
    try expectFailure(eval(file, "--metric", "bleu"), exitCode: 2, naming: "bleu", "exact")
    try expectFailure(eval(file, "--limit", "-1"), exitCode: 2, naming: "--limit is -1")
    try expectFailure(eval(file, "--keep", "26"), exitCode: 2, naming: "25")
    let broken = try questions(scratch, lines: [#"{"question_id": 1}"#])
    try expectFailure(eval(broken), naming: "line 1")
    let absent = try questions(
      scratch, lines: [#"{"question_id": 7, "image": "absent.png", "text": "What?", "answer": "x"}"#])
    try expectFailure(eval(absent), naming: "absent.png")
    let device = try questions(
      scratch,
      lines: [#"{"question_id": 7, "image": "../../../../../../../../dev/zero", "text": "What?", "answer": "x"}"#])
    try expectFailure(eval(device), naming: "dev/zero")
  }
}
