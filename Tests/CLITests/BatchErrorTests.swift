import Foundation
import TestSupport
import Testing

@Suite struct `Lines of a batch that cannot be answered` {
  /// Runs lines of which each is an error, between two that are not.
  private func errors(_ lines: [String], _ more: String...) throws -> [JSONObject] {
    var command = batch([line("\"first\"")] + lines + [line("\"last\"")])
    command.arguments += more
    let outcome = try expectSuccess(command)
    let objects = try outcome.objects()
    #expect(objects.first?["id"] as? String == "first" && objects.last?["id"] as? String == "last")
    #expect(
      objects.first?["answer"] != nil && objects.first?["answer"] as? String == objects.last?["answer"] as? String)
    #expect(outcome.errors.contains("\(lines.count + 2) lines answered, \(lines.count) of them with an error"))
    return Array(objects.dropFirst().dropLast())
  }

  @Test
  func `what is no object says the number of its line, and never repeats it`() throws {
    let secret = "s3cret-content"
    let broken = [
      "\(secret)", "[1, \"\(secret)\"]", "42", "\"\(secret)\"", #"{"id": 1, "question": "\#(secret)"#,
      #"{"id": 1, "id": 2, "x": "\#(secret)"}"#, "null", #"{"id": 1} {"id": "\#(secret)"}"#,
    ]
    for (index, object) in try errors(broken).enumerated() {
      let object = try expectKeys(object, ["error", "id", "line"])
      #expect(object["id"] is NSNull && object["line"] as? Int == index + 2)
      #expect(errorText(object).contains("line \(index + 2)") && !errorText(object).contains(secret))
      _ = try expectKeys(object["error"], ["hint", "message"])
    }
    var command = batch([])
    command.input = [0xFF, 0xFE, 0x00, 0x0A] + Array(line("1").utf8)
    #expect(try expectSuccess(command).objects().count == 2)
  }

  @Test
  func `fields that nobody reads are named, and the right one where it is near`() throws {
    let near = [
      ("qestion", "question"), ("quesiton", "question"), ("Question", "question"), ("maxNewTokens", "max_new_tokens"),
      ("max_tokens", "max_new_tokens"), ("image_path", "image"), ("keeps", "keep"), ("question_id", "id"),
    ]
    let lines = near.map { line("1", square, "What?", #""\#($0.0)": 1"#) }
    for (object, (wrong, right)) in zip(try errors(lines), near) {
      #expect(object["id"] as? Int == 1)
      #expect(errorText(object).contains("\"\(wrong)\"") && errorText(object).contains("did you mean \"\(right)\"?"))
    }
    let object = try errors([line("1", square, "What?", #""verbosity": 1"#)])[0]
    #expect(errorText(object).contains("\"verbosity\"") && errorText(object).contains("max_new_tokens"))
  }

  @Test
  func `each field is checked, and the error says which`() throws {
    let long = String(repeating: "iVBORw0KGgo", count: 5000)
    let cases = [
      (#"{"id": 1, "question": "What?"}"#, "image"), (#"{"id": 1, "image": "\#(square)"}"#, "question"),
      (line("1", square, "  "), "question"), (line("1", ""), "picture"), (line("1", "-"), "stdin"),
      (line("1", square, "What?", #""images": []"#), "images"), (#"{"id": 1, "images": [], "question": "W"}"#, "image"),
      (#"{"id": 1, "images": [3], "question": "What?"}"#, "images"),
      (#"{"id": 1, "images": "a.png", "question": "What?"}"#, "images"),
      (#"{"id": 1, "image": 3, "question": "What?"}"#, "image is an integer"),
      (#"{"id": 1, "image": "\#(square)", "question": ["x"]}"#, "question is an array"),
      (line("1", square, "What?", #""keep": 0"#), "0"), (line("1", square, "What?", #""keep": 26"#), "25"),
      (line("1", square, "What?", #""keep": "120%""#), "120%"), (line("1", square, "What?", #""keep": true"#), "keep"),
      (line("1", square, "What?", #""keep": 9, "strategy": "none""#), "none"),
      (line("1", square, "What?", #""keep": 1"#), "everything or one token"),
      (line("1", square, "What?", #""keep": 1.0"#), "everything or one token"),
      (line("1", square, "What?", #""strategy": "nobody""#), "nobody"),
      (line("1", square, "What?", #""strategy": "hiprune(alpha=7)""#), "alpha"),
      (line("1", square, "What?", #""max_new_tokens": 0"#), "max_new_tokens is 0"),
      (line("1", square, "What?", #""max_new_tokens": 2.5"#), "max_new_tokens"),
      (line("1", "/nowhere/a.png"), "/nowhere/a.png"), (line("1", "/dev/zero"), "/dev/zero"),
      (line("1", classic + "/config.json"), "not PNG or JPEG"),
      (line("1", Fixtures.model("tiny-classic").path), "frames"),
      (line("1", "https://example.org/a.png"), "https"), (line("1", "file:///etc/passwd"), "file"),
      (line("1", "HTTP://EXAMPLE.ORG/a.png"), "nothing is fetched"),
      (line("1", "data:image/png;base64,@@@@"), "base64"), (line("1", "data:image/png;base64,"), "no data"),
      (line("1", "data:image/png;base64"), "comma"), (line("1", "data:image/png,abc"), "base64"),
      (line("1", "data:image/png;base64,AAAAA"), "base64"), (line("1", "data:image/png;base64,iVBORw0KGgo="), "PNG"),
      (line("1", "data:image/png;base64,%4"), "%"), (line("1", long), "neither a path nor a data: URL"),
      (line("1", square, "What is <image>?"), "<image>"),
    ]
    for (object, (text, fragment)) in zip(try errors(cases.map(\.0)), cases) {
      _ = try expectKeys(object, ["error", "id"])
      #expect(
        object["id"] as? Int == 1 && errorText(object).contains(fragment), "\(text.prefix(200)): \(errorText(object))")
      #expect(errorText(object).count < 1000)
    }
  }

  @Test
  func `a line without an id that can be echoed is told by its number`() throws {
    for text in [line("true"), line("[1]"), line("{}"), #"{"image": "\#(square)", "question": "What?"}"#] {
      let object = try errors([text])[0]
      #expect(object["id"] is NSNull && object["line"] as? Int == 2 && errorText(object).contains("id"))
    }
  }

  @Test
  func `a line beyond the limit is passed over without being held`() throws {
    let scratch = try Scratch()
    // A hole of 300 MiB costs no disk; zeros are no JSON, but nobody looks.
    let path = try scratch.write(line("1") + "\n", as: "in.jsonl")
    let file = try #require(FileHandle(forWritingAtPath: path))
    try file.truncate(atOffset: 300 << 20)
    try file.seekToEnd()
    try file.write(contentsOf: Data("\n\(line("2"))\n".utf8))
    try file.close()
    let objects = try expectSuccess(batch([], "--in", path)).objects()
    #expect(objects.count == 3 && objects[1]["line"] as? Int == 2 && objects[2]["id"] as? Int == 2)
    #expect(errorText(objects[1]).contains("line 2 is longer than 256 MiB"))
  }
}
