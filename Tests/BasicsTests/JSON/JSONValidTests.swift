import Basics
import Testing

@testable import Checkpoint

func parseJSON(_ text: String) throws(JSONError) -> JSONValue { try JSONValue(parsing: Array(text.utf8)) }

@Suite struct `JSON that is valid` {
  @Test(arguments: [
    ("null", JSONKind.null), ("true", .boolean), ("false", .boolean), ("0", .integer), ("-0", .integer),
    ("1.0", .number), ("1e2", .number), ("\"\"", .string), ("[]", .array), ("{}", .object),
    (" \t\r\n[ 1 , 2 ]\n", .array), ("[[[]], {\"a\": {}}]", .array), ("\"\u{7F}\"", .string),
  ])
  func `has the kind that its text says`(_ text: String, _ kind: JSONKind) throws {
    #expect(try parseJSON(text).kind == kind)
  }

  @Test(arguments: [
    ("9223372036854775807", Int.max), ("-9223372036854775808", Int.min), ("0", 0), ("-0", 0),
    ("1234567890", 1_234_567_890),
  ])
  func `integers are exact to the last bit`(_ text: String, _ value: Int) throws {
    #expect(try parseJSON(text).integer == value)
  }

  @Test(arguments: [
    ("9223372036854775808", 9.223372036854775808e18), ("-9223372036854775809", -9.223372036854775809e18),
    ("0.1", 0.1), ("-1.5E+3", -1500), ("1e-400", 0), ("1.7976931348623157e308", Double.greatestFiniteMagnitude),
    ("1e-05", 1e-5), ("123456789012345678901234567890", 1.2345678901234568e29),
  ])
  func `other numbers are the nearest double, and no integers`(_ text: String, _ value: Double) throws {
    let parsed = try parseJSON(text)
    #expect(parsed.number == value)
    #expect(parsed.integer == nil)
  }

  @Test func `an integer is a number too`() throws {
    #expect(try parseJSON("3").number == 3)
  }

  @Test(arguments: [
    (#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{08}\u{0C}\n\r\t"), (#""\u0000""#, "\0"), (#""a\u00e9b""#, "aéb"),
    (#""\uD83D\uDE00!""#, "😀!"), (#""x\\""#, "x\\"), ("\"é😀\"", "é😀"), (#""\u20AC\u20ac""#, "€€"),
    (#""\uFFFF""#, "\u{FFFF}"),
  ])
  func `escapes are decoded`(_ text: String, _ value: String) throws {
    #expect(try parseJSON(text).utf8.map(Array.init) == Array(value.utf8))
  }

  @Test func `composed and decomposed keys are different keys`() throws {
    let value = try parseJSON("{\"\u{E9}\": 1, \"e\u{301}\": 2}")
    #expect(value["\u{E9}"]?.integer == 1)
    #expect(value["e\u{301}"]?.integer == 2)
  }

  @Test(arguments: [0, 1, 2, 12, 13, 100, 5000])
  func `members keep their order and are found by key`(_ count: Int) throws {
    let text = "{" + (0..<count).map { "\"key\\u0020\($0)\": [\($0), {}]" }.joined(separator: ",") + "}"
    let value = try parseJSON(text)
    let members = try #require(value.members)
    #expect(members.count == count)
    #expect(members.map(\.name) == (0..<count).map { "key \($0)" })
    for number in 0..<count {
      #expect(value["key \(number)"]?.elements?.first { _ in true }?.integer == number)
    }
    #expect(value["key"] == nil)
  }

  @Test func `elements skip over what is inside them`() throws {
    let value = try parseJSON("[1, [2, [3], {\"a\": 4}], \"5\", {\"b\": [6]}, null]")
    #expect(value.elements.map { $0.map(\.kind) } == [.integer, .array, .string, .object, .null])
  }

  @Test func `a value of another kind answers nil`() throws {
    let value = try parseJSON("[1]")
    #expect(value.integer == nil && value.string == nil && value.members == nil && value["a"] == nil)
    #expect(value.boolean == nil && value.number == nil && !value.isNull)
  }

  @Test func `depth is allowed up to the limit`() throws {
    let text = String(repeating: "[", count: 128) + String(repeating: "]", count: 128)
    #expect(try parseJSON(text).kind == .array)
  }
}
