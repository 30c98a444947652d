import Checkpoint
import Evaluation
import Foundation
import Images
import Pruning
import VLM
import ViT

/// A failure as a person reads it.
struct CommandFailure: Error {
  let message: String
  let hint: String
  let exitCode: Int32

  init(message: String, hint: String, exitCode: Int32 = 1) {
    self.message = message
    self.hint = hint
    self.exitCode = exitCode
  }

  /// Errors of our own modules carry their wording; nil for anything else.
  init?(explaining error: any Error) {
    switch error {
    case let error as CommandFailure: self = error
    case let error as VLMError:
      self.init(message: error.message, hint: error.hint, exitCode: error.isUsageError ? 2 : 1)
    case let error as PruningError:
      self.init(message: error.message, hint: error.hint, exitCode: error.isUsageError ? 2 : 1)
    case let error as EvaluationError:
      self.init(message: error.message, hint: error.hint, exitCode: error.isUsageError ? 2 : 1)
    case let error as EvidenceFileError: self.init(message: error.message, hint: error.hint)
    case let error as CheckpointError: self.init(message: error.message, hint: error.hint)
    case let error as ImageError: self.init(message: error.message, hint: error.hint)
    default: return nil
    }
  }

  /// An error as one line of a result.
  static func message(of error: any Error) -> String { CommandFailure(explaining: error)?.message ?? "\(error)" }

  /// A request that cannot be served whatever the data: exit code 2.
  static func usage(_ message: String, hint: String) -> CommandFailure {
    CommandFailure(message: message, hint: hint, exitCode: 2)
  }

  /// Two lines for a person, or one JSON object on one line for whoever asked for JSON.
  /// - Parameter command: which was tried; nil where there is none of that name.
  func print(asJSON: Bool = false, command: String? = nil) {
    guard asJSON else {
      StandardError.write("error: \(oneLine(message))\nhint: \(oneLine(hint))\n")
      return
    }
    let report = FailureReport(
      error: .init(message: oneLine(message), hint: oneLine(hint)), exitCode: exitCode, command: command)
    StandardError.write((try? StandardOutput.line(json: report)).map { String(decoding: $0, as: UTF8.self) } ?? "")
  }

  /// Facts from outside may hold line breaks and control characters; a message stays one line.
  private func oneLine(_ text: String) -> String {
    String(String.UnicodeScalarView(text.unicodeScalars.map { $0.properties.generalCategory == .control ? " " : $0 }))
  }
}

/// A failure as a program reads it.
private struct FailureReport: Encodable {
  struct Explanation: Encodable {
    let message: String
    let hint: String
  }

  let error: Explanation
  let exitCode: Int32
  let command: String?

  private enum CodingKeys: String, CodingKey {
    case schema, version, command, error
    case exitCode = "exit_code"
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode("vlmprune.error/1", forKey: .schema)
    try container.encode(BuildInformation.version, forKey: .version)
    try container.encode(command, forKey: .command)
    try container.encode(exitCode, forKey: .exitCode)
    try container.encode(error, forKey: .error)
  }
}
