import Checkpoint
import Evaluation
import Foundation
import Images
import Pruning
import Serving
import VLM
import ViT

/// A failure in the form that is shown to the user.
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
    case let error as ServingError: self.init(message: error.message, hint: error.hint)
    case let error as RequestError: self.init(message: error.message, hint: error.hint)
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
}
