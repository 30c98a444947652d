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

/// Runs a command and expects it to succeed: exit code 0, and no error on stderr.
@discardableResult
func expectSuccess(_ command: Command, sourceLocation: SourceLocation = #_sourceLocation) throws -> Outcome {
  let outcome = try command.run()
  #expect(
    outcome.exitCode == 0 && !outcome.errors.contains("error:"),
    "\(command.arguments): exit \(describe(outcome)), stderr: \(outcome.errors)", sourceLocation: sourceLocation)
  return outcome
}

/// Runs a command and expects it to fail as the contract says: one `error:` line and one `hint:` line, or one JSON
/// object if the command has `--json`; nothing on stdout.
/// - Parameter fragment: what stderr must hold.
@discardableResult
func expectFailure(
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
  var (message, hint) = ("", "")
  if command.arguments.contains("--json") {
    let report = lines.first.flatMap { try? JSONSerialization.jsonObject(with: Data($0.utf8)) } as? JSONObject
    let explanation = report?["error"] as? [String: String]
    let fields: Set = ["schema", "version", "command", "exit_code", "error"]
    #expect(
      lines.count == 1 && Set(report?.keys.map { $0 } ?? []) == fields
        && report?["schema"] as? String == "vlmprune.error/1" && report?["exit_code"] as? Int32 == exitCode
        && Set(explanation?.keys.map { $0 } ?? []) == ["message", "hint"],
      shown, sourceLocation: sourceLocation)
    (message, hint) = (explanation?["message"] ?? "", explanation?["hint"] ?? "")
  } else {
    #expect(
      lines.count == 2 && lines[0].hasPrefix("error: ") && lines[1].hasPrefix("hint: "), shown,
      sourceLocation: sourceLocation)
    (message, hint) = (String(lines.first?.dropFirst(7) ?? ""), String(lines.last?.dropFirst(6) ?? ""))
  }
  #expect(
    outcome.errors.hasSuffix("\n") && !message.isEmpty && hint.count > 6, shown, sourceLocation: sourceLocation)
  let text = "error: \(message)\nhint: \(hint)\n"
  for fragment in fragments where !fragment.isEmpty {
    #expect(text.contains(fragment), "no \"\(fragment)\" in \(shown)", sourceLocation: sourceLocation)
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

/// The envelope's keys of each kind of command.
enum EnvelopeKeys {
  static let every: Set = ["schema", "version", "commit", "command"]
  static let model: Set = every.union([
    "model", "model_digest", "family", "precision", "backend", "cpu", "cpu_features", "threads",
  ])
  static let selection: Set = every.union(["seed", "strategy", "budget"])
  static let run: Set = model.union(selection)
}

/// Expects an object to have exactly these keys.
func expectKeys(_ object: Any?, _ keys: Set<String>, sourceLocation: SourceLocation = #_sourceLocation) throws
  -> JSONObject
{
  let object = try #require(object as? JSONObject, sourceLocation: sourceLocation)
  #expect(Set(object.keys) == keys, sourceLocation: sourceLocation)
  return object
}
