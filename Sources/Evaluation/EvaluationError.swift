import VLM

/// What can be wrong with question files, folders of images and an evaluation's output.
public enum EvaluationError: Error, Sendable {
  case unreadable(file: String, reason: String)
  case unwritable(file: String, reason: String)
  /// A line that is not a question.
  case malformedQuestion(file: String, line: Int, reason: String)
  /// An entry of a file that is no question, or a line of a file that is not made of JSON.
  case malformedEntry(file: String, place: String, reason: String)
  /// A file that is none of the forms that are known, or breaks its form as a whole.
  case malformedFile(file: String, reason: String)
  /// A line of an answers file that is no answer.
  case malformedAnswer(file: String, line: Int, reason: String)
  /// Questions whose right answers are in another file, which was not given.
  case missingAnnotations(file: String)
  /// Annotations for a file that has its answers in itself.
  case needlessAnnotations(file: String, annotations: String)
  /// Answers, questions and labels that do not belong together.
  case mismatch(String)
  case noQuestions(file: String)
  case duplicateIdentifier(String, file: String, line: Int)
  case unknownMetric(String, valid: [String])
  /// The model failed on one question.
  case model(VLMError, question: String)

  /// Whether the caller asked for something impossible (exit 2) rather than handed over bad data (exit 1).
  public var isUsageError: Bool {
    switch self {
    case .unknownMetric, .needlessAnnotations: true
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
    case .malformedEntry(let file, let place, let reason): "\(file), \(place): \(reason)"
    case .malformedFile(let file, let reason): "\(file): \(reason)"
    case .malformedAnswer(let file, let line, let reason): "\(file), line \(line): \(reason)"
    case .missingAnnotations(let file): "\(file) holds VQAv2's questions without their answers"
    case .needlessAnnotations(let file, let annotations):
      "\(annotations) is no part of \(file): only VQAv2's questions have annotations in a file of their own"
    case .mismatch(let reason): reason
    case .noQuestions(let file): "\(file) holds no question"
    case .duplicateIdentifier(let identifier, let file, let line):
      "\(file), line \(line): question_id \(identifier) occurs twice"
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
    case .malformedEntry: "mend that entry, or download the file again from its publisher"
    case .malformedFile:
      "the forms are LLaVA's and POPE's JSON lines, MME's tabs, ScienceQA, TextVQA, VQAv2, GQA, VizWiz and easy-VQA"
    case .malformedAnswer: #"a line is {"question_id": 1, "text": "…"}"#
    case .missingAnnotations: "give the file of their answers with --annotations"
    case .needlessAnnotations: "leave --annotations out"
    case .mismatch: "score one model's answers with the questions and labels that it was asked"
    case .duplicateIdentifier: "give every question a number or name of its own"
    case .unknownMetric(_, let valid): "the metrics are \(valid.joined(separator: ", "))"
    case .model(let error, _): error.hint
    }
  }
}
