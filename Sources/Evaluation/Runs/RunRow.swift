import Basics
import Foundation

/// One line of a run's log, `rows.jsonl`: what one setting answered to one question, and its grade. Rows written by
/// other programs need only `question_id`, `strategy`, `keep` and `correct`.
public struct RunRow: Sendable, Hashable {
  public let question: Question.Identifier
  /// The image's path as in the question file; nil in rows of other programs that leave it out.
  public let image: String?
  public let category: String?
  /// The strategy's canonical spec.
  public let strategy: String
  /// The budget in its canonical spelling: "all", "25%", "64".
  public let keep: String
  /// Visual tokens kept, and visual tokens of the unpruned picture.
  public let kept: Int?
  public let visualTokens: Int?
  /// The model's answer; nil if it failed.
  public let answer: String?
  /// 0…1; nil if there is no right answer. A question that failed counts as wrong.
  public let correct: Double?
  /// Why there is no answer: the error's message.
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
