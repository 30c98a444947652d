import Foundation
import TestSupport
import Testing

/// `batch` on the tiny checkpoint with these lines on stdin; `more` follows.
func batch(_ lines: [String], _ more: String...) -> Command {
  var command = Command(["batch", "--model", classic, "--max-new-tokens", "8"] + more)
  command.input = Array(lines.map { "\($0)\n" }.joined().utf8)
  return command
}

/// A line as JSON, of our own form.
func line(_ id: String, _ image: String = square, _ question: String = "What is this?", _ more: String = "") -> String {
  #"{"id": \#(id), "image": "\#(image)", "question": "\#(question)"\#(more.isEmpty ? "" : ", \(more)")}"#
}

extension Outcome {
  /// Each line of stdout as an object.
  func objects(sourceLocation: SourceLocation = #_sourceLocation) throws -> [JSONObject] {
    #expect(output.isEmpty || output.last == 0x0A, "the last line is whole", sourceLocation: sourceLocation)
    return try text.split(separator: "\n").map {
      try #require(
        try JSONSerialization.jsonObject(with: Data($0.utf8)) as? JSONObject, "\($0)", sourceLocation: sourceLocation)
    }
  }
}

/// The error of a line's answer, in our own form.
func errorText(_ object: JSONObject?) -> String {
  let error = object?["error"] as? JSONObject
  return "\(error?["message"] ?? "") | \(error?["hint"] ?? "")"
}

@Suite struct `vlmprune batch` {
  private static let stages: Set<String> = [
    "preprocess", "encode", "prune", "project", "prefill", "decode", "total",
  ]

  /// What `ask --json` says of the same.
  private func expectEqual(_ object: JSONObject, _ ask: Command, _ sourceLocation: SourceLocation = #_sourceLocation)
    throws
  {
    let report = try expectSuccess(ask).json()
    #expect(object["answer"] as? String == report["answer"] as? String, sourceLocation: sourceLocation)
    #expect(object["finish_reason"] as? String == report["finish_reason"] as? String, sourceLocation: sourceLocation)
    #expect(
      object["tokens"] as? NSDictionary == report["tokens"] as? NSDictionary,
      "\(String(describing: object["tokens"]))", sourceLocation: sourceLocation)
  }

  @Test
  func `answers in order what ask answers, whatever came before about the same picture`() throws {
    let lines = [
      line("1"), line("2", square, "Who is there, and why?"), line("3", wide), line("4", square, "What is this?"),
      line("5", square, "What is this?", #""strategy": "fastervlm", "keep": 9"#),
      line("6", square, "What is this?", #""keep": "36%", "max_new_tokens": 3"#), line("7"),
    ]
    let outcome = try expectSuccess(batch(lines))
    let objects = try outcome.objects()
    #expect(objects.map { $0["id"] as? Int } == [1, 2, 3, 4, 5, 6, 7])
    for object in objects {
      _ = try expectKeys(object, ["answer", "finish_reason", "id", "timings_ms", "tokens"])
      _ = try expectKeys(object["timings_ms"], Self.stages)
    }
    try expectEqual(objects[0], ask("--json"))
    try expectEqual(objects[1], ask("-q", "Who is there, and why?", "--json"))
    try expectEqual(objects[2], ask("--json", image: wide))
    try expectEqual(objects[3], ask("--json"))
    try expectEqual(objects[4], ask("--strategy", "fastervlm", "--keep", "9", "--json"))
    try expectEqual(objects[5], ask("--keep", "36%", "--max-new-tokens", "3", "--json"))
    try expectEqual(objects[6], ask("--json"))
    #expect(outcome.errors.contains("7 lines answered\n"))
  }

  @Test
  func `what a line leaves out comes from the command line`() throws {
    let lines = [line("1"), line("2", square, "What is this?", #""keep": 4, "strategy": null"#)]
    let objects = try expectSuccess(batch(lines, "--strategy", "random", "--keep", "9", "--seed", "5")).objects()
    try expectEqual(objects[0], ask("--strategy", "random", "--keep", "9", "--seed", "5", "--json"))
    try expectEqual(objects[1], ask("--strategy", "random", "--keep", "4", "--seed", "5", "--json"))
  }

  @Test
  func `several pictures, folders of frames aside, are asked about together`() throws {
    let objects = try expectSuccess(
      batch([
        #"{"id": 1, "images": ["\#(square)", "\#(wide)"], "question": "What is this?"}"#,
        #"{"id": 2, "images": ["\#(wide)", "\#(square)"], "question": "What is this?"}"#,
      ])
    ).objects()
    var command = ask("--json")
    command.arguments.insert(wide, at: 2)
    try expectEqual(objects[0], command)
    #expect((objects[1]["tokens"] as? JSONObject)?["visual"] as? Int == 50)
  }

  @Test
  func `pictures come in the line too, PNG or JPEG, and equal the files`() throws {
    let photo = Fixtures.url("golden/images/pictures/exif-empty.jpg").path
    func url(_ path: String, _ type: String, padded: Bool = true) throws -> String {
      let text = try Data(contentsOf: URL(fileURLWithPath: path)).base64EncodedString()
      return "data:\(type);base64," + (padded ? text : text.replacing("=", with: ""))
    }
    let objects = try expectSuccess(
      batch([
        line("1", try url(square, "image/png")), line("2", try url(photo, "image/jpeg")), line("3", photo),
        line("4", try url(square, "IMAGE/PNG;name=a.png", padded: false)),
      ])
    ).objects()
    try expectEqual(objects[0], ask("--json"))
    try expectEqual(objects[1], ask("--json", image: photo))
    try expectEqual(objects[2], ask("--json", image: photo))
    try expectEqual(objects[3], ask("--json"))
  }

  @Test
  func `a picture that is rewritten between two lines is read again`() throws {
    let scratch = try Scratch()
    let path = try scratch.write(try Data(contentsOf: URL(fileURLWithPath: square)), as: "a.png")
    let session = try BatchSession()
    let first = try session.answer(line("1", path))
    try scratch.write(try Data(contentsOf: URL(fileURLWithPath: wide)), as: "a.png")
    let second = try session.answer(line("2", path))
    #expect(session.finish().exitCode == 0)
    try expectEqual(first, ask("--json"))
    try expectEqual(second, ask("--json", image: wide))
  }

  @Test
  func `ids are echoed as they were written, duplicates too`() throws {
    let ids = [
      "7", "7", "123456789012345678901234567890", "1e999", "-0.0", "1E+2", #""a\u00e9\n\"}""#, "null", #""""#,
    ]
    let text = try expectSuccess(batch(ids.map { line($0) })).text
    for (id, answer) in zip(ids, text.split(separator: "\n")) {
      #expect(answer.contains(#","id":\#(id),"timings_ms":"#), "\(id) in \(answer)")
    }
    let last = try expectSuccess(batch([#"{"image": "\#(square)", "question": "What?", "id" : 1e999 }"#])).text
    #expect(last.contains(#""id":1e999,"#))
  }

  @Test
  func `blank lines, CRLF, a byte-order mark and a missing last newline are fine`() throws {
    var command = batch([])
    command.input = Array("\u{FEFF}\(line("1"))\r\n\r\n  \n\(line("2"))".utf8)
    let outcome = try expectSuccess(command)
    #expect(try outcome.objects().map { $0["id"] as? Int } == [1, 2])
    command.input = []
    #expect(try expectSuccess(command).output.isEmpty)
  }

  @Test
  func `files in and out, which must be two`() throws {
    let scratch = try Scratch()
    let file = try scratch.write(line("1") + "\n", as: "in.jsonl")
    let out = scratch.path("out.jsonl")
    #expect(try expectSuccess(batch([], "--in", file, "--out", out)).output.isEmpty)
    #expect(String(decoding: try scratch.bytes("out.jsonl"), as: UTF8.self).contains(#""id":1"#))
    try expectFailure(batch([], "--in", file, "--out", out), exitCode: 2, naming: "does not overwrite")
    try FileManager.default.createSymbolicLink(atPath: scratch.path("link"), withDestinationPath: file)
    for same in [
      file, scratch.path("link"), scratch.folder + "/../" + scratch.folder.split(separator: "/").last! + "/in.jsonl",
    ] {
      try expectFailure(batch([], "--in", file, "--out", same), exitCode: 2, naming: "--out")
    }
    #expect(String(decoding: try scratch.bytes("in.jsonl"), as: UTF8.self) == line("1") + "\n")
    try expectFailure(batch([], "--in", scratch.path("absent")), naming: "absent", "no such file")
    try expectFailure(batch([], "--in", scratch.folder), naming: "folder")
    try expectFailure(batch([], "--in", file, "--out", scratch.folder), naming: "--out")
    try expectFailure(batch([], "--in", file, "--out", "/nowhere/out.jsonl"), naming: "--out /nowhere/out.jsonl")
    let full = try batch([line("1")]).run(output: "/dev/full")
    #expect(full.exitCode == 1 && full.errors.contains("error: cannot write the answers to stdout"))
  }

  @Test
  func `mistakes of the command line come before anything is read`() throws {
    try expectFailure(batch([line("1")], "--keep", "0"), exitCode: 2, naming: "0")
    try expectFailure(batch([line("1")], "--keep", "26"), exitCode: 2, naming: "25")
    try expectFailure(batch([line("1")], "--strategy", "nobody"), exitCode: 2, naming: "nobody")
    try expectFailure(batch([line("1")], "--window", "4"), exitCode: 2, naming: "--unordered")
    try expectFailure(batch([line("1")], "--unordered", "--window", "0"), exitCode: 2, naming: "--window is 0")
    try expectFailure(batch([line("1")], "--max-new-tokens", "0"), exitCode: 2, naming: "--max-new-tokens is 0")
    try expectFailure(batch([line("1")], "--temperature", "-1"), exitCode: 2, naming: "temperature")
    try expectFailure(Command("batch", "--model", "/nowhere"), naming: "/nowhere")
  }

  @Test(arguments: ["1", "2", "3", "64"])
  func `--unordered gives the same answers, in another order`(window: String) throws {
    let lines = (0..<12).map { line("\($0)", $0 % 2 == 0 ? wide : square, "What is \($0 / 4)?") } + ["nonsense"]
    func answers(_ outcome: Outcome) throws -> [String] {
      try outcome.objects().map { "\($0["id"] ?? "") \($0["answer"] ?? "") \(errorText($0))" }
    }
    let ordered = try answers(expectSuccess(batch(lines)))
    let grouped = try answers(expectSuccess(batch(lines, "--unordered", "--window", window)))
    #expect(ordered.sorted() == grouped.sorted() && ordered.count == 13)
    // Two pictures take turns: of two lines, none can go before the other.
    #expect((ordered == grouped) == (window == "1" || window == "2"))
  }
}
