/// The questions of a file as they are read, each identifier once.
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

  /// - Parameter answerKey: what the file's format calls the right answer.
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

  /// Takes a question whose identifier was made here, and is new.
  mutating func append(_ question: Question) {
    let isNew = seen.insert(question.identifier).inserted
    precondition(isNew, "a made identifier occurs once")
    questions.append(question)
  }
}
