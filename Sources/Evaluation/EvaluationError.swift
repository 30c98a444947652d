import VLM

/// What can be wrong with question files, folders of images and an evaluation's output.
public enum EvaluationError: Error, Sendable {
  case unreadable(file: String, reason: String)
  case unwritable(file: String, reason: String)
  /// A line that is not a question.
  case malformedQuestion(file: String, line: Int, reason: String)
  case noQuestions(file: String)
  case duplicateIdentifier(String, file: String, line: Int)
  case unknownMetric(String, valid: [String])
  /// A line of a run's log that is not a row.
  case malformedRow(file: String, line: Int, reason: String)
  case noRows(file: String)
  /// A run's rows that cannot be compared: a question that a setting lacks, or no dense answers.
  case unpairedRows(file: String, reason: String)
  /// Budgets of one strategy that nobody can put in order of size.
  case unorderedBudgets([String], strategy: String)
  /// The model failed on one question.
  case model(VLMError, question: String)

  /// Whether the caller asked for something impossible (exit 2) rather than handed over bad data (exit 1).
  public var isUsageError: Bool {
    switch self {
    case .unknownMetric: true
    case .model(let error, _): error.isUsageError
    default: false
    }
  }

  /// One line: what is wrong, and where.
  public var message: String {
    switch self {
    case .unreadable(let file, let reason): "cannot read \(file): \(reason)"
    case .unwritable(let file, let reason): "cannot write \(file): \(reason)"
    case .malformedQuestion(let file, let line, let reason): "\(file), line \(line): \(reason)"
    case .noQuestions(let file): "\(file) holds no question"
    case .duplicateIdentifier(let identifier, let file, let line):
      "\(file), line \(line): question_id \(identifier) occurs twice"
    case .malformedRow(let file, let line, let reason): "\(file), line \(line): \(reason)"
    case .noRows(let file): "\(file) holds no row"
    case .unpairedRows(let file, let reason): "\(file): \(reason)"
    case .unorderedBudgets(let budgets, let strategy):
      "the budgets of \(strategy) have no order: \(budgets.joined(separator: ", "))"
    case .unknownMetric(let name, _): "there is no metric \"\(name)\""
    case .model(let error, let question): "question \(question): \(error.message)"
    }
  }

  /// One line: what to do.
  public var hint: String {
    switch self {
    case .unreadable: "check the path and its permissions"
    case .unwritable: "choose a path in a folder that exists and can be written"
    case .malformedQuestion, .noQuestions:
      #"a line is {"question_id": 1, "image": "a.png", "text": "…", "answer": "…", "category": "…"}"#
    case .malformedRow, .noRows:
      #"a line is {"question_id": 1, "category": "…", "strategy": "none", "keep": "all", "correct": true}"#
    case .unpairedRows: "every setting needs every question once, and one of the settings is none"
    case .unorderedBudgets: "spell all of them as shares (25%), or all of them as counts (64)"
    case .duplicateIdentifier: "give every question a number or name of its own"
    case .unknownMetric(_, let valid): "the metrics are \(valid.joined(separator: ", "))"
    case .model(let error, _): error.hint
    }
  }
}
