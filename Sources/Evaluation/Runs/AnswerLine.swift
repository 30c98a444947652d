import Basics
import Foundation
import VLM

/// One line of an answers file in LLaVA's format; `metadata` says what pruning did.
public struct AnswerLine: Sendable {
  public struct Metadata: Sendable, Codable {
    public let strategy: String
    public let kept: Int?
    public let visualTokens: Int?
    /// 0…1; nil if the question has no right answer.
    public let correct: Double?
    /// Why there is no answer.
    public let error: String?
    public let timings: [String: Double]?

    enum CodingKeys: String, CodingKey {
      case strategy, kept, correct, error
      case visualTokens = "visual_tokens"
      case timings = "timings_ms"
    }
  }

  public let question: Question.Identifier
  public let prompt: String
  public let text: String
  public let model: String
  public let metadata: Metadata

  public init(_ answered: AnsweredQuestion, model: String) {
    question = answered.question.identifier
    prompt = answered.question.text
    text = answered.answer.text
    self.model = model
    metadata = Metadata(
      strategy: answered.answer.strategy.description, kept: answered.answer.keptTokens,
      visualTokens: answered.answer.visualTokens, correct: answered.grade, error: nil,
      timings: answered.answer.timings.milliseconds)
  }

  /// A question that failed.
  public init(_ question: Question, failure: String, strategy: String, model: String) {
    self.question = question.identifier
    prompt = question.text
    text = ""
    self.model = model
    metadata = Metadata(
      strategy: strategy, kept: nil, visualTokens: nil, correct: question.answers.isEmpty ? nil : 0, error: failure,
      timings: nil)
  }

  /// Adds this answer to a tally.
  public func add(to tally: inout EvaluationTally, category: String?) {
    let kept = metadata.kept.flatMap { kept in metadata.visualTokens.map { (kept: kept, total: $0) } }
    tally.add(category: category, grade: metadata.correct, kept: kept, times: metadata.timings ?? [:])
  }

  /// The line, line break included.
  public func data() throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return try encoder.encode(self) + Data([0x0A])
  }
}

extension AnswerLine: Codable {
  private enum CodingKeys: String, CodingKey {
    case prompt, text, metadata
    case question = "question_id"
    case answer = "answer_id"
    case model = "model_id"
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(question, forKey: .question)
    try container.encode(prompt, forKey: .prompt)
    try container.encode(text, forKey: .text)
    // Derived from the question, so that a second run writes the same file.
    try container.encode("\(model):\(question)", forKey: .answer)
    try container.encode(model, forKey: .model)
    try container.encode(metadata, forKey: .metadata)
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    if let number = try? container.decode(Int.self, forKey: .question) {
      question = .number(number)
    } else {
      question = .name(try container.decode(String.self, forKey: .question))
    }
    prompt = try container.decode(String.self, forKey: .prompt)
    text = try container.decode(String.self, forKey: .text)
    model = try container.decode(String.self, forKey: .model)
    metadata = try container.decode(Metadata.self, forKey: .metadata)
  }
}
