/// Collects the questions of a file and refuses an identifier that occurs twice.
struct QuestionCollector {
  let file: String
  /// Whether a question without a right answer is an error.
  let requiresAnswers: Bool
  private(set) var questions: [Question] = []
  private var seen: Set<Question.Identifier> = []

  init(file: String, requiresAnswers: Bool) {
    self.file = file
    self.requiresAnswers = requiresAnswers
  }

  /// - Parameter answerKey: the file format's name for the right answer.
  mutating func add(
    _ question: Question, from record: QuestionRecord, answerKey: String = "answer"
  ) throws(EvaluationError) {
    guard !requiresAnswers || !question.answers.isEmpty else {
      throw record.wrong("it has no \(answerKey) to compare with")
    }
    guard seen.insert(question.identifier).inserted else {
      if case .line(let line) = record.place {
        throw .duplicateIdentifier(question.identifier.description, file: file, line: line)
      }
      throw record.wrong("question_id \(question.identifier) occurs twice")
    }
    questions.append(question)
  }

  /// Adds a question whose identifier was generated, and so is known to be new.
  mutating func append(_ question: Question) {
    let isNew = seen.insert(question.identifier).inserted
    precondition(isNew, "a made identifier occurs once")
    questions.append(question)
  }
}
