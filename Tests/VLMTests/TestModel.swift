import Basics
import Checkpoint
import Foundation
import Kernels
import Pruning
import TestSupport

@testable import VLM

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
      strategy: try StrategyCatalogue.standard.make(parsing: strategy), budget: try Budget(parsing: keep),
      positions: positions,
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
    setting: PruningSetting, newTokens: Int = 6, rawPrompt: Bool = false, inspection: Inspection? = nil
  ) throws -> ShownAnswer {
    var conversation = Conversation(model: self, setting: setting)
    return try conversation.show(
      question, newPictures: try files.map(picture), rawPrompt: rawPrompt,
      options: GenerationOptions(maxNewTokens: newTokens), inspection: inspection)
  }
}

/// An answer with the tensors that tests compare and that no answer carries.
@dynamicMemberLookup
struct ShownAnswer {
  let answer: Answer
  /// Logits [vocabulary] of the first new token.
  let firstLogits: [Float]
  /// What was sent of each picture.
  let visual: [VisualRows]

  subscript<Value>(dynamicMember member: KeyPath<Answer, Value>) -> Value { answer[keyPath: member] }

  subscript<Value>(dynamicMember member: KeyPath<AnswerRecord, Value>) -> Value { answer.record[keyPath: member] }
}

extension Conversation {
  /// `ask`, step by step, with what passes by on the way.
  mutating func show(
    _ question: String, newPictures: [Picture] = [], rawPrompt: Bool = false, options: GenerationOptions = .init(),
    inspection: Inspection? = nil, chunk: Int = .max
  ) throws(VLMError) -> ShownAnswer {
    var generation = try begin(
      question, newPictures: newPictures, rawPrompt: rawPrompt, options: options, inspection: inspection)
    var first: [Float]?
    while try next(&generation, chunk: chunk, inspection: inspection) != nil { first = first ?? generation.logits }
    return ShownAnswer(answer: generation.answer, firstLogits: first ?? [], visual: generation.sent.map(\.rows))
  }
}

extension ShownAnswer {
  /// Whether two answers have the same tokens from the same bits.
  func isIdentical(to other: ShownAnswer) -> Bool {
    firstLogits.map(\.bitPattern) == other.firstLogits.map(\.bitPattern) && answer.generated == other.answer.generated
      && answer.text == other.answer.text && answer.finishReason == other.answer.finishReason
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

extension VisionLanguageModel {
  /// Any image, described before it is there.
  var anyImage: PictureDescription {
    guard let picture = family.largestPicture(of: .image, grid: nil) else {
      preconditionFailure("the families of these tests see pictures of known sizes")
    }
    return picture
  }

  /// Visual tokens of a view.
  var grid: Grid { anyImage.grids[0] }
  var imageToken: Int { family.markers[.image]?.token ?? -1 }
  var sendsClassToken: Bool { anyImage.unpruned.parts.contains(.classToken(view: 0)) }
}
