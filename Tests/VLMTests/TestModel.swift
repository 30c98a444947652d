import Checkpoint
import Foundation
import Kernels
import Pruning
import TestSupport
import VLM

/// The tiny checkpoints and pictures, ready to be asked.
enum TestModel {
  static let names = ["tiny-classic", "tiny-grouped", "tiny-full", "tiny-sparse", "tiny-layers"]

  static func load(
    _ name: String, workers: Int = 2, compute: ComputeOptions = ComputeOptions()
  ) throws -> VisionLanguageModel {
    try FamilyCatalogue.load(
      folder: Fixtures.model(name).path, name: name, workers: Workers(count: workers), compute: compute)
  }

  static func setting(
    _ strategy: String = "none", keep: String = "all", positions: ImagePlan.Positions = .renumbered, seed: UInt64 = 0
  ) throws -> PruningSetting {
    PruningSetting(
      strategy: try StrategyCatalogue.make(parsing: strategy), budget: try Budget(parsing: keep), positions: positions,
      seed: seed)
  }
}

extension VisionLanguageModel {
  /// A picture of `fixtures/images`.
  func picture(_ file: String) throws -> Picture {
    try picture(try readFile(Fixtures.image(file).path), file: file)
  }

  /// One question about pictures in a conversation of its own.
  func answer(
    _ question: String = "What colour is the ring?", about files: [String] = ["tiny-wide.png"],
    setting: PruningSetting, newTokens: Int = 6, rawPrompt: Bool = false, recorder: InspectionRecorder? = nil
  ) throws -> Answer {
    var conversation = Conversation(model: self, setting: setting)
    return try conversation.ask(
      question, newPictures: try files.map(picture), rawPrompt: rawPrompt,
      options: GenerationOptions(maxNewTokens: newTokens), recorder: recorder)
  }
}

extension Answer {
  /// Whether two answers have the same tokens from the same bits.
  func isIdentical(to other: Answer) -> Bool {
    firstLogits.map(\.bitPattern) == other.firstLogits.map(\.bitPattern) && generated == other.generated
      && text == other.text && finishReason == other.finishReason
  }
}

/// Runs `body` and returns the error of this module that it throws; nil for none and for any other.
func vlmError(_ body: () throws -> Void) -> VLMError? {
  do {
    try body()
    return nil
  } catch {
    return error as? VLMError
  }
}
