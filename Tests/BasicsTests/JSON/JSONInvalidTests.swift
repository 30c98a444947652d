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
  @Test func `come out typed`() throws {
    let value = try parseJSON(#"{"i": 1, "n": 2.5, "b": true, "s": "t", "a": [], "o": {}, "z": null}"#)
    #expect(try value.integer("i") == 1)
    #expect(try value.number("n") == 2.5)
    #expect(try value.boolean("b"))
    #expect(try value.string("s") == "t")
    #expect(try value.elements("a").count == 0)
    #expect(try value.members("o").count == 0)
    #expect(try value.optionalInteger("z") == nil)
    #expect(try value.optionalString("absent") == nil)
  }

  @Test func `are refused where absent or of another kind`() throws {
    let value = try parseJSON(#"{"i": 1.0, "z": null}"#)
    #expect(throws: JSONError.missing(key: "x")) { try value.integer("x") }
    #expect(throws: JSONError.wrongKind(key: "i", expected: "an integer", found: .number)) { try value.integer("i") }
    #expect(throws: JSONError.wrongKind(key: "z", expected: "a string", found: .null)) { try value.string("z") }
    #expect(throws: JSONError.wrongKind(key: "i", expected: "a boolean", found: .number)) {
      try value.optionalBoolean("i")
    }
    #expect(throws: JSONError.self) { try parseJSON("[]").required("x") }
  }
}
