import Basics
import Checkpoint
import Testing
import Tokenizer

@testable import Tokenizer

@Suite struct `Parts of a tokenizer file` {
  /// One file of a few letters with one odd setting, and what the library gives for it.
  struct Case: Sendable, CustomTestStringConvertible {
    let name: String
    let entry: JSONValue
    var testDescription: String { name }
  }

  static let cases: [Case] = {
    guard let bytes = try? TokenizerFixtures.golden("cases.json"), let value = try? JSONValue(parsing: bytes) else {
      return []
    }
    return value.elements?.compactMap { entry in entry["name"]?.string.map { Case(name: $0, entry: entry) } } ?? []
  }()

  @Test func `are all read from the file of goldens`() { #expect(Self.cases.count > 50) }

  @Test(arguments: cases)
  func `do what the library does`(_ part: Case) throws {
    let golden = try part.entry.members()
    let tokenizer = try Tokenizer(json: golden.required("file").serialized())
    for entry in try golden.elements("encoded") {
      let entry = try entry.members()
      let text = try entry.string("text")
      let plain = tokenizer.encode(text, addSpecialTokens: false)
      #expect(try plain == entry.required("plain").integers, "\(text.debugDescription)")
      #expect(try tokenizer.encode(text) == entry.required("framed").integers, "\(text.debugDescription)")
    }
    for entry in try golden.elements("decoded") {
      let entry = try entry.members()
      let ids = try entry.required("ids").integers
      let (keep, skip) = try (entry.string("keep"), entry.string("skip"))
      #expect(tokenizer.decode(ids, skipSpecialTokens: false) == keep, "\(ids)")
      #expect(tokenizer.decode(ids) == skip, "\(ids)")
      var stream = tokenizer.makeStreamDecoder()
      #expect(ids.map { stream.append($0) }.joined() + stream.finish() == skip, "\(ids)")
    }
  }
}

extension JSONValue {
  /// The value as JSON again, for files inside files.
  func serialized() -> [UInt8] { Array(text.utf8) }

  private var text: String {
    switch kind {
    case .null: "null"
    case .boolean: boolean == true ? "true" : "false"
    case .integer: "\(integer ?? 0)"
    case .number: "\(number ?? 0)"
    case .string: (string ?? "").quotedForJSON
    case .array: "[" + (elements?.map(\.text).joined(separator: ",") ?? "") + "]"
    case .object:
      "{" + (members?.map { $0.name.quotedForJSON + ":" + $0.value.text }.joined(separator: ",") ?? "") + "}"
    }
  }
}

extension String {
  /// The string as a JSON string.
  var quotedForJSON: String {
    var result = "\""
    for scalar in unicodeScalars {
      switch scalar {
      case "\"", "\\": result += "\\\(scalar)"
      case "\0"..<" ": result += "\\u00" + (scalar.value < 16 ? "0" : "") + String(scalar.value, radix: 16)
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}
