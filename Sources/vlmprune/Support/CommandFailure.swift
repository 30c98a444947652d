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
      self.init(message: error.message, hint: error.hint)
    case let error as EvidenceFileError: self.init(message: error.message, hint: error.hint)
    case let error as CheckpointError: self.init(message: error.message, hint: error.hint)
    case let error as ImageError: self.init(message: error.message, hint: error.hint)
    default: return nil
    }
  }

  /// A request that cannot be served whatever the data: exit code 2.
  static func usage(_ message: String, hint: String) -> CommandFailure {
    CommandFailure(message: message, hint: hint, exitCode: 2)
  }

  func print() {
    StandardError.write("error: \(oneLine(message))\nhint: \(oneLine(hint))\n")
  }

  /// Facts from outside may hold line breaks and control characters; a message stays one line.
  private func oneLine(_ text: String) -> String {
    String(String.UnicodeScalarView(text.unicodeScalars.map { $0.properties.generalCategory == .control ? " " : $0 }))
  }
}

/// The stream for everything that is not the result.
enum StandardError {
  static func write(_ text: String) { FileHandle.standardError.write(Data(text.utf8)) }
}

/// The stream of the result.
enum StandardOutput {
  /// Written through at once, so that an answer streams.
  static func write(_ text: String) { FileHandle.standardOutput.write(Data(text.utf8)) }

  /// One JSON object with sorted keys, and nothing else.
  static func write(json value: some Encodable) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    var data = try encoder.encode(value)
    data.append(0x0A)
    FileHandle.standardOutput.write(data)
  }
}
