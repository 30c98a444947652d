import Basics
import VLM

/// Reads a request's body.
enum ChatBody {
  /// - Parameter depth: most arrays and objects inside each other.
  static func request(_ bytes: [UInt8], depth: Int) throws(RequestError) -> ChatRequest {
    let value: JSONValue
    do { value = try JSONValue(parsing: bytes, maximumDepth: depth) } catch {
      throw explained(error, in: bytes)
    }
    return try ChatRequest(value)
  }

  private static func explained(_ error: JSONError, in bytes: [UInt8]) -> RequestError {
    switch error {
    case .duplicateKey(let key, let offset):
      // A key may be as long as the body.
      return invalid(JSONError.duplicateKey(RequestError.excerpt(key), offset: offset).message)
    case .numberOutOfRange(let offset): return number(at: offset, in: bytes) ?? invalid(error.message)
    case .syntax(_, let offset)
    where ["NaN", "Infinity", "-Infinity"].contains { bytes[offset...].starts(with: $0.utf8) }:
      return number(at: offset, in: bytes) ?? invalid(error.message)
    default: return invalid(error.message)
    }
  }

  private static func invalid(_ message: String) -> RequestError {
    RequestError("the body is not JSON that is read here: \(message)", hint: "send one JSON object in UTF-8")
  }

  /// A number that JSON has not, under the key that stands before it: writers that let NaN pass mean a field by it.
  private static func number(at offset: Int, in bytes: [UInt8]) -> RequestError? {
    let space: Set<UInt8> = [0x20, 0x09, 0x0A, 0x0D]
    var before = bytes[..<offset]
    func dropSpace() { while let last = before.last, space.contains(last) { before.removeLast() } }
    dropSpace()
    guard before.popLast() == UInt8(ascii: ":") else { return nil }
    dropSpace()
    guard before.popLast() == UInt8(ascii: "\"") else { return nil }
    let key = String(decoding: before.reversed().prefix { $0 != UInt8(ascii: "\"") }.reversed(), as: UTF8.self)
    let name = ["keep": "prune.keep", "strategy": "prune.strategy"][key] ?? RequestError.excerpt(key)
    return RequestError("\(name) is no finite number", hint: "correct \(name), or leave it out", parameter: name)
  }
}
