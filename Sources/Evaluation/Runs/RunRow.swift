import Basics
import Foundation

/// One line of a run's log, `rows.jsonl`: what one setting answered to one question, and how it was graded. Rows that
/// other programs wrote need only `question_id`, `strategy`, `keep` and `correct`.
public struct RunRow: Sendable, Hashable {
  public let question: Question.Identifier
  /// As the question file names it; nil in rows of others.
  public let image: String?
  public let category: String?
  /// The strategy's canonical spec.
  public let strategy: String
  /// The budget in its one spelling: "all", "25%", "64".
  public let keep: String
  /// Visual tokens that were kept, and those of the unpruned picture.
  public let kept: Int?
  public let visualTokens: Int?
  /// What the model answered; nil where it failed.
  public let answer: String?
  /// 0…1; nil where there is nothing to grade with. A question that failed counts as wrong.
  public let correct: Double?
  /// Why there is no answer: the message of the error.
  public let error: String?
  /// Milliseconds by stage; keys end in `_ms`.
  public let times: [String: Double]

  public init(
    question: Question.Identifier, image: String? = nil, category: String? = nil, strategy: String, keep: String,
    kept: Int? = nil, visualTokens: Int? = nil, answer: String? = nil, correct: Double?, error: String? = nil,
    times: [String: Double] = [:]
  ) {
    self.question = question
    self.image = image
    self.category = category
    self.strategy = strategy
    self.keep = keep
    self.kept = kept
    self.visualTokens = visualTokens
    self.answer = answer
    self.correct = correct
    self.error = error
    self.times = times
  }
}
