import Foundation
import TestSupport
import Testing

/// The tiny checkpoint that most tests run: 25 visual tokens, five blocks.
let classic = Fixtures.model("tiny-classic").path
let square = Fixtures.image("tiny-square.png").path
let wide = Fixtures.image("tiny-wide.png").path

/// `ask` on the tiny checkpoint; `more` follows.
func ask(_ more: String..., image: String = square, model: String = classic) -> Command {
  Command(["ask", image, "--model", model, "-q", "What is this?", "--max-new-tokens", "8"] + more)
}

/// Runs a command that must succeed: exit code 0, and no error on stderr.
@discardableResult
func succeed(_ command: Command, sourceLocation: SourceLocation = #_sourceLocation) throws -> Outcome {
  let outcome = try command.run()
  #expect(
    outcome.exitCode == 0 && !outcome.errors.contains("error:"),
    "\(command.arguments): exit \(describe(outcome)), stderr: \(outcome.errors)", sourceLocation: sourceLocation)
  return outcome
}

/// Runs a command that must fail as the contract says: one `error:` line, one `hint:` line, nothing on stdout.
/// - Parameter fragment: what the two lines must hold.
@discardableResult
func fail(
  _ command: Command, exitCode: Int32 = 1, naming fragments: String...,
  sourceLocation: SourceLocation = #_sourceLocation
) throws -> Outcome {
  var command = command
  command.memoryLimit = command.memoryLimit ?? 8192
  let outcome = try command.run()
  expectFailure(outcome, of: command, exitCode: exitCode, naming: fragments, sourceLocation: sourceLocation)
  return outcome
}

/// Expects an outcome to be a failure as the contract says.
func expectFailure(
  _ outcome: Outcome, of command: Command, exitCode: Int32, naming fragments: [String] = [],
  sourceLocation: SourceLocation = #_sourceLocation
) {
  let shown: Comment = "\(command.arguments): exit \(describe(outcome)), stderr: \(outcome.errors)"
  #expect(outcome.exitCode == exitCode, shown, sourceLocation: sourceLocation)
  #expect(outcome.output.isEmpty, "\(command.arguments) wrote \(outcome.text)", sourceLocation: sourceLocation)
  let lines = outcome.errorLines
  #expect(
    lines.count == 2 && outcome.errors.hasSuffix("\n") && lines[0].hasPrefix("error: ")
      && lines[1].hasPrefix("hint: ") && lines[1].count > 12,
    shown, sourceLocation: sourceLocation)
  for fragment in fragments where !fragment.isEmpty {
    #expect(outcome.errors.contains(fragment), "no \"\(fragment)\" in \(shown)", sourceLocation: sourceLocation)
  }
}

private func describe(_ outcome: Outcome) -> String {
  if outcome.isTimedOut { return "after the time limit" }
  return outcome.exitCode.map { "\($0)" } ?? "by signal \(outcome.signal.map { "\($0)" } ?? "?")"
}

/// An object of JSON.
typealias JSONObject = [String: Any]

extension Outcome {
  /// Stdout as one JSON object on one line, with sorted keys.
  func json(sourceLocation: SourceLocation = #_sourceLocation) throws -> JSONObject {
    let object = try #require(
      try JSONSerialization.jsonObject(with: Data(output)) as? JSONObject, sourceLocation: sourceLocation)
    #expect(text.hasSuffix("}\n") && text.count { $0 == "\n" } == 1, "one line", sourceLocation: sourceLocation)
    let keys = unsortedKeys(in: output)
    #expect(keys.isEmpty, "keys out of order: \(keys)", sourceLocation: sourceLocation)
    return object
  }
}

/// Keys of JSON that stand after a larger one of their object.
private func unsortedKeys(in bytes: [UInt8]) -> [String] {
  var found: [String] = []
  var last: [String] = []
  var index = 0
  while index < bytes.count {
    switch bytes[index] {
    case UInt8(ascii: "{"), UInt8(ascii: "["): last.append("")
    case UInt8(ascii: "}"), UInt8(ascii: "]"): last.removeLast()
    case UInt8(ascii: "\""):
      let start = index + 1
      index = start
      while index < bytes.count, bytes[index] != UInt8(ascii: "\"") {
        index += bytes[index] == UInt8(ascii: "\\") ? 2 : 1
      }
      guard index + 1 < bytes.count, bytes[index + 1] == UInt8(ascii: ":") else { break }
      let key = String(decoding: bytes[start..<index], as: UTF8.self)
      if key <= last[last.count - 1] { found.append(key) }
      last[last.count - 1] = key
    default: break
    }
    index += 1
  }
  return found
}

/// Expects an object to have exactly these keys.
func expectKeys(_ object: Any?, _ keys: Set<String>, sourceLocation: SourceLocation = #_sourceLocation) throws
  -> JSONObject
{
  let object = try #require(object as? JSONObject, sourceLocation: sourceLocation)
  #expect(Set(object.keys) == keys, sourceLocation: sourceLocation)
  return object
}
