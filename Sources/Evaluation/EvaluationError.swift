import VLM

/// What can go wrong with question files, image folders and an evaluation's output.
public enum EvaluationError: Error, Sendable {
  case unreadable(file: String, reason: String)
  case unwritable(file: String, reason: String)
  /// A line that is not a question.
  case malformedQuestion(file: String, line: Int, reason: String)
  /// An entry of a file that is not a question, or a line of a file that is not JSON.
  case malformedEntry(file: String, place: String, reason: String)
  /// A file that has none of the known forms, or that breaks its form as a whole.
  case malformedFile(file: String, reason: String)
  /// A line of an answers file that is not an answer.
  case malformedAnswer(file: String, line: Int, reason: String)
  /// Questions whose right answers are in another file, which the caller did not give.
  case missingAnnotations(file: String)
  /// Annotations given for a file that contains its own answers.
  case needlessAnnotations(file: String, annotations: String)
  /// Answers, questions and labels that do not belong together.
  case mismatch(String)
  /// Answers that lack some of the questions.
  case unanswered(String)
  case noQuestions(file: String)
  case duplicateIdentifier(String, file: String, line: Int)
  /// A question's image that does not exist or is not a file; `file` is the question file.
  case missingImage(String, question: String, file: String, reason: String)
  /// A line of a run's log that is not a row.
  case malformedRow(file: String, line: Int, reason: String)
  /// A row whose question or setting is not the run's, or that occurs twice.
  case strayRow(file: String, line: Int, reason: String)
  /// Another process is writing this file.
  case runInUse(String)
  /// A row could not be written. The rows before it stay.
  case logFull(file: String, reason: String)
  /// A folder, or an answers file, that contains something other than a run.
  case notARun(folder: String, reason: String)
  /// A folder for a new run that is not empty.
  case occupied(folder: String, by: String)
  /// A run that differs in `field` from the one asked for.
  case otherRun(folder: String, field: String, found: String, wanted: String)
  /// Shards that do not make up one run.
  case unmergeable(String)
  case unknownMetric(String, valid: [String])
  case noRows(file: String)
  /// Rows of a run that cannot be compared: a setting lacks a question, or there are no dense answers.
  case unpairedRows(file: String, reason: String)
  /// Budgets of one strategy that cannot be ordered by size.
  case unorderedBudgets([String], strategy: String)
  /// The model failed on one question.
  case model(VLMError, question: String)

  /// Whether the caller asked for something impossible (exit 2) rather than supplied bad data (exit 1).
  public var isUsageError: Bool {
    switch self {
    case .unknownMetric, .needlessAnnotations: true
    case .model(let error, _): error.isUsageError
    default: false
    }
  }

  /// Whether a table lacks rows only because the run has just begun.
  public var isOfMissingRows: Bool {
    switch self {
    case .noRows, .unpairedRows: true
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
    case .mismatch(let reason), .unanswered(let reason): reason
    case .noQuestions(let file): "\(file) holds no question"
    case .duplicateIdentifier(let identifier, let file, let line):
      "\(file), line \(line): question_id \(identifier) occurs twice"
    case .missingImage(let path, let question, let file, let reason):
      "\(file), question \(question): cannot read its image \(path): \(reason)"
    case .malformedRow(let file, let line, let reason), .strayRow(let file, let line, let reason):
      "\(file), line \(line): \(reason)"
    case .runInUse(let file): "another process writes \(file)"
    case .logFull(let file, let reason): "cannot write \(file): \(reason)"
    case .notARun(let folder, let reason): "\(folder) is no run: \(reason)"
    case .occupied(let folder, let content): "\(folder) holds \(content)"
    case .otherRun(let folder, let field, let found, let wanted):
      "\(folder) holds a run with another \(field): \(found), not \(wanted)"
    case .unmergeable(let reason): reason
    case .noRows(let file): "\(file) holds no row"
    case .unpairedRows(let file, let reason): "\(file): \(reason)"
    case .unorderedBudgets(let budgets, let strategy):
      "the budgets of \(strategy) have no order: \(budgets.joined(separator: ", "))"
    case .unknownMetric(let name, _): "there is no metric \"\(name)\""
    case .model(let error, let question): "question \(question): \(error.message)"
    }
  }

  /// One line: what to do about it.
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
    case .malformedEntry: "mend that entry, or download the file again from its publisher"
    case .malformedFile:
      "the forms are LLaVA's and POPE's JSON lines, MME's tabs, ScienceQA, TextVQA, VQAv2, GQA, VizWiz and easy-VQA"
    case .malformedAnswer: #"a line is {"question_id": 1, "text": "…"}"#
    case .missingAnnotations: "give the file of their answers with --annotations"
    case .needlessAnnotations: "leave --annotations out"
    case .unanswered: "where eval was stopped, give its command again: it answers the rest of them"
    case .mismatch: "score one model's answers with the questions and labels that it was asked"
    case .duplicateIdentifier: "give every question a number or name of its own"
    case .missingImage: "--images names the folder that the questions' paths are relative to"
    case .strayRow: "the log was changed by hand or damaged: take the line out, or start a new run"
    case .runInUse: "wait for it to end, or stop it: one process at a time writes a run"
    case .logFull: "make room on the disk and run the same command again: it goes on where it stopped"
    case .notARun: "name the folder of a run, as sweep --out makes it, or one that is empty or does not exist"
    case .occupied: "choose an empty folder, or one that does not exist"
    case .otherRun: "give the command that began it, or another folder or file"
    case .unmergeable: "merge wants each shard of one command once, all of them finished"
    case .unknownMetric(_, let valid): "the metrics are \(valid.joined(separator: ", "))"
    case .model(let error, _): error.hint
    }
  }
}
