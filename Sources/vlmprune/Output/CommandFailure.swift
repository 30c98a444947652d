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
    case let error as RequestError: self.init(message: error.message, hint: error.hint)
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
  /// Whoever closed stderr does not want to read it.
  static func write(_ text: String) { _ = DescriptorWriter.write(Array(text.utf8), to: STDERR_FILENO) }
}

/// The stream of the result.
enum StandardOutput {
  /// Written through at once, so that an answer streams.
  static func write(_ text: String) throws(CommandFailure) { try write(Array(text.utf8)) }

  /// One JSON object with sorted keys, and nothing else.
  static func write(json value: some Encodable, keys: JSONEncoder.KeyEncodingStrategy = .useDefaultKeys) throws {
    let encoder = JSONEncoder()
    encoder.keyEncodingStrategy = keys
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    try write(Array(try encoder.encode(value)) + [0x0A])
  }

  /// FileHandle would end the process on a full disk or a closed descriptor.
  private static func write(_ bytes: [UInt8]) throws(CommandFailure) {
    guard DescriptorWriter.write(bytes, to: STDOUT_FILENO) else {
      throw CommandFailure(
        message: "cannot write the result to stdout: \(String(cString: strerror(errno)))",
        hint: "check where stdout goes: the disk may be full")
    }
  }
}

/// A value that is written as null where it is absent, so that an object always has all of its fields.
struct Nullable<Value: Encodable>: Encodable {
  let value: Value?

  init(_ value: Value?) { self.value = value }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    if let value { try container.encode(value) } else { try container.encodeNil() }
  }
}

/// Writing to an open descriptor.
private enum DescriptorWriter {
  /// - Returns: whether all of it was written; `errno` says why not.
  static func write(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
    bytes.withUnsafeBytes { bytes in
      var rest = bytes[...]
      while !rest.isEmpty {
        let count = Glibc.write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
        if count < 0, errno != EINTR { return false }
        rest = rest.dropFirst(max(count, 0))
      }
      return true
    }
  }
}
