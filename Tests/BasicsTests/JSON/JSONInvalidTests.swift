import Basics
import Testing

@testable import Checkpoint

@Suite struct `JSON that is invalid` {
  @Test(arguments: [
    "", " ", "nul", "nulll", "True", "NaN", "Infinity", "-Infinity", "+1", "-", "01", "-01", "1.", ".5", "1e", "1e+",
    "0x10",
    "1 2", "[1,]", "[,1]", "[1 2]", "[1", "[", "]", "{", "{\"a\"", "{\"a\":", "{\"a\":1", "{\"a\":1,}", "{a:1}",
    "{1:1}",
    "{\"a\" 1}", "{'a':1}", "\"", "\"abc", "\"\\", "\"\\x\"", "\"\\u12\"", "\"\\u12G4\"", "\"\n\"", "\"\0\"", "'a'",
    "// comment\n1", "[1] x", "\u{FEFF}1", "\u{A0}1", "[\u{0B}1]", "\0", "[1]\0", "tru", "{\"a\":1]", "[1}",
    "\"\\ud800\"", "\"\\udc00\"", "\"\\ud800\\ud800\"", "\"\\ud800x\"", "\"\\ud800\\n\"", "\"\\ud83d\\u0041\"",
    "\"\\ud83d\\",
    "{\"a\\\n\":1}",
  ])
  func `breaks the grammar`(_ text: String) {
    #expect {
      try parseJSON(text)
    } throws: { error in
      guard case .syntax(_, let offset) = error as? JSONError else { return false }
      return (0...text.utf8.count).contains(offset)
    }
  }

  @Test(
    arguments: [
      [0x80], [0xC0, 0x80], [0xC1, 0xBF], [0xC3], [0xE0, 0x80, 0x80], [0xE0, 0x9F, 0xBF], [0xED, 0xA0, 0x80],
      [0xE2, 0x82],
      [0xF0, 0x80, 0x80, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xFF], [0xFE], [0xE2, 0x28, 0xA1],
      [0xF0, 0x9F, 0x98],
    ] as [[UInt8]])
  func `holds bytes that are not UTF-8`(_ bytes: [UInt8]) {
    for text in [[0x22] + bytes + [0x22], [0x22, 0x5C, 0x6E] + bytes + [0x22], [0x22] + bytes] {
      #expect {
        try JSONValue(parsing: text)
      } throws: {
        guard case .notUTF8 = $0 as? JSONError else { return false }
        return true
      }
    }
  }

  @Test(arguments: [1, 11, 12, 13, 3000])
  func `has a key twice, however many keys there are`(_ others: Int) {
    let members = (0..<others).map { "\"k\($0)\": \($0)" } + ["\"twice\": 1", "\"tw\\u0069ce\": 2"]
    let error = #expect(throws: JSONError.self) { try parseJSON("{" + members.joined(separator: ",") + "}") }
    #expect(error?.message.contains("\"twice\" occurs twice") == true)
  }

  @Test func `a key twice is found in inner objects`() {
    #expect(throws: JSONError.duplicateKey("b", offset: 16)) { try parseJSON(#"[{"a": {"b":1, "b":2}}]"#) }
  }

  @Test(arguments: ["[", "{\"a\":", "[{\"a\":"])
  func `is nested too deep`(_ opening: String) {
    #expect {
      try parseJSON(String(repeating: opening, count: 1_000_000))
    } throws: {
      guard case .tooDeep(limit: 128, offset: _) = $0 as? JSONError else { return false }
      return true
    }
  }

  @Test(arguments: ["1e400", "-1e400", "[1e999999999999999999]", String(repeating: "9", count: 400)])
  func `holds a number that no double can`(_ text: String) {
    #expect {
      try parseJSON(text)
    } throws: {
      guard case .numberOutOfRange = $0 as? JSONError else { return false }
      return true
    }
  }

  @Test func `every prefix of a valid text is refused`() throws {
    let text = Array(#"{"a": [1, -2.5e3, "x\n\ud83d\ude00é", true, null], "b": {"c": false}}"#.utf8)
    _ = try JSONValue(parsing: text)
    for length in 0..<text.count {
      #expect(throws: JSONError.self) { try JSONValue(parsing: Array(text[..<length])) }
    }
  }

  @Test func `no change of a single byte crashes the parser`() {
    let text = Array(#"{"a": [1, -2.5e3, "x\n\ud83d\ude00é", true, null], "b": {"c": false}}"#.utf8)
    for position in text.indices {
      for byte in UInt8.min...UInt8.max {
        var changed = text
        changed[position] = byte
        if let value = try? JSONValue(parsing: changed) { #expect(value.kind == .object) }
      }
    }
  }

  @Test func `messages tell the byte, hints what to do`() {
    let error = #expect(throws: JSONError.self) { try parseJSON("[1, oops]") }
    #expect(error?.message == "invalid JSON at byte 4: expected a value")
    #expect(error?.hint.isEmpty == false)
  }
}

@Suite struct `JSON members that a reader needs` {
  private func reader(_ text: String) throws -> JSONReader<JSONError> {
    try JSONReader(try parseJSON(text), file: "test.json")
  }

  @Test func `come out typed`() throws {
    let value = try reader(#"{"i": 1, "n": 2.5, "b": true, "s": "t", "a": [], "o": {}, "z": null}"#)
    #expect(try value.integer("i") == 1)
    #expect(try value.optionalNumber("n") == 2.5)
    #expect(try value.boolean("b"))
    #expect(try value.string("s") == "t")
    #expect(try value.elements("a").count == 0)
    #expect(try value.members("o").count == 0)
    #expect(try value.optionalInteger("z") == nil)
    #expect(try value.optionalString("absent") == nil)
  }

  @Test func `are refused where absent or of another kind`() throws {
    let value = try reader(#"{"i": 1.0, "z": null}"#)
    #expect(throws: JSONError.missing(key: "x")) { try value.integer("x") }
    #expect(throws: JSONError.wrongKind(key: "i", expected: "an integer", found: "a number")) { try value.integer("i") }
    #expect(throws: JSONError.wrongKind(key: "z", expected: "a string", found: "null")) { try value.string("z") }
    #expect(throws: JSONError.wrongKind(key: "i", expected: "a boolean", found: "a number")) {
      try value.optionalBoolean("i")
    }
    #expect(throws: JSONError.self) { try reader("[]") }
  }

  @Test func `take their default where absent or null, and are checked where present`() throws {
    let value = try reader(#"{"i": 5, "z": null, "l": [1, 2], "s": 3, "o": {"i": 7}}"#)
    #expect(try value.integer("i", default: 1, in: 0...9) == 5 && value.integer("z", default: 1, in: 0...9) == 1)
    #expect(try value.optionalInteger("z", default: 4, in: 0...9) == nil)
    #expect(try value.optionalInteger("absent", default: 4, in: 0...9) == 4)
    #expect(try value.integers("l", default: []) == [1, 2] && value.integers("i", default: []) == [5])
    #expect(try value.string("absent", default: "d") == "d" && value.boolean("z", default: true))
    #expect(value.has("i") && !value.has("z") && !value.has("absent") && value.isNull("z"))
    #expect(try value.section("o").integer("i", default: 0, in: 0...9) == 7 && !value.section("z").exists)
    #expect(throws: JSONError.wrongKind(key: "i", expected: "an integer from 6 to 9", found: "an integer")) {
      try value.integer("i", default: 6, in: 6...9)
    }
    #expect(throws: JSONError.wrongKind(key: "s", expected: "a string", found: "an integer")) {
      try value.string("s", default: "")
    }
  }

  /// A module's own error, from nothing but the facts.
  private struct Refusal: JSONFieldFailure, Equatable {
    let text: String

    static func field(_ key: String, found: JSONFinding?, expected: String, file: String) -> Refusal {
      Refusal(text: "\(file) \(key): \(found?.description ?? "absent"), expected \(expected)")
    }
  }

  @Test func `are named by path, value and file in a module's own error`() throws {
    let value = try JSONReader<Refusal>(try parseJSON(#"{"o": {"i": 12, "s": "t"}}"#), file: "a.json")
    let inner = try value.section("o")
    #expect(throws: Refusal(text: "a.json o.i: 12, expected an integer from 0 to 9")) {
      try inner.integer("i", default: 0, in: 0...9)
    }
    #expect(throws: Refusal(text: #"a.json o.s: "t", expected an integer"#)) { try inner.integer("s") }
    #expect(throws: Refusal(text: "a.json o.x: absent, expected a value")) { try inner.boolean("x") }
    #expect(throws: Refusal(text: "a.json o.i: 12, expected an object")) { try inner.section("i") }
    #expect(throws: Refusal(text: "a.json : an array, expected an object")) {
      try JSONReader<Refusal>(try parseJSON("[]"), file: "a.json")
    }
  }
}
