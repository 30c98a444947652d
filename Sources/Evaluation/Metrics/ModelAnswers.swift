import Basics

/// A model's answers in LLaVA's format: one JSON object per line, with `question_id` and `text`.
public struct ModelAnswers: Sendable {
  public let file: String
  /// The text for each question.
  private let texts: [Question.Identifier: String]

  /// - Throws: `EvaluationError`, naming the line.
  public init(_ file: QuestionFile) throws(EvaluationError) {
    var texts: [Question.Identifier: String] = [:]
    var isFirst = true
    for (number, bytes) in try TextLines(file.bytes, file: file.name) {
      func wrong(_ reason: String) -> EvaluationError {
        .malformedAnswer(file: file.name, line: number, reason: reason)
      }
      let json: JSONValue
      do { json = try JSONValue(parsing: bytes) } catch { throw wrong(error.message) }
      guard json.members != nil else { throw wrong("it is \(json.kind), expected an object") }
      defer { isFirst = false }
      // The first line of `eval`'s answers file describes the run instead.
      if isFirst, json["question_id"] == nil, json["text"] == nil { continue }
      let identifier: Question.Identifier
      if let value = json["question_id"]?.integer {
        identifier = .number(value)
      } else if let value = json["question_id"]?.string {
        identifier = .name(value)
      } else {
        throw wrong("it has no question_id that is an integer or a string")
      }
      guard let text = json["text"]?.string else { throw wrong("it has no text that is a string") }
      guard texts.updateValue(text, forKey: identifier) == nil else {
        throw wrong("question_id \(identifier) is answered twice")
      }
    }
    guard !texts.isEmpty else { throw .mismatch("\(file.name) holds no answer") }
    self.file = file.name
    self.texts = texts
  }

  /// - Returns: each question's answer, in the order of the questions.
  /// - Throws: if a question has no answer, or an answer no question.
  public func texts(of questions: [Question], file: String) throws(EvaluationError) -> [String] {
    let missing = questions.filter { texts[$0.identifier] == nil }.map(\.identifier)
    if let first = missing.first {
      throw .unanswered("\(self.file) has no answer to question \(first) of \(file)\(Self.more(missing.count))")
    }
    if texts.count > questions.count {
      let known = Set(questions.map(\.identifier))
      let unknown = texts.keys.filter { !known.contains($0) }.map(\.description).sorted()
      throw .mismatch("\(self.file) answers question \(unknown[0]), which \(file) has not\(Self.more(unknown.count))")
    }
    return questions.map { texts[$0.identifier] ?? "" }
  }

  private static func more(_ count: Int) -> String { count > 1 ? " (and \(count - 1) more)" : "" }
}
