import Foundation
import VLM

/// One line of an answers file, as LLaVA writes them, with what pruning did in `metadata`.
public struct AnswerLine: Encodable {
  private let answered: AnsweredQuestion
  private let model: String

  public init(_ answered: AnsweredQuestion, model: String) {
    self.answered = answered
    self.model = model
  }

  private enum CodingKeys: String, CodingKey {
    case prompt, text, metadata
    case questionIdentifier = "question_id"
    case answerIdentifier = "answer_id"
    case modelIdentifier = "model_id"
  }

  private struct Metadata: Encodable {
    let strategy: String
    let kept: Int
    let visualTokens: Int
    let right: Bool

    enum CodingKeys: String, CodingKey {
      case strategy, kept, right
      case visualTokens = "visual_tokens"
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    switch answered.question.identifier {
    case .number(let number): try container.encode(number, forKey: .questionIdentifier)
    case .name(let name): try container.encode(name, forKey: .questionIdentifier)
    }
    try container.encode(answered.question.text, forKey: .prompt)
    try container.encode(answered.answer.text, forKey: .text)
    // Made from the question, so that a second run writes the same file.
    try container.encode("\(model):\(answered.question.identifier)", forKey: .answerIdentifier)
    try container.encode(model, forKey: .modelIdentifier)
    try container.encode(
      Metadata(
        strategy: answered.answer.strategy.description, kept: answered.answer.keptTokens,
        visualTokens: answered.answer.visualTokens, right: answered.isRight), forKey: .metadata)
  }

  /// The line, its end included.
  public func data() throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return try encoder.encode(self) + Data([0x0A])
  }
}
