import Basics

/// The questions of a file in any known form.
public struct QuestionList: Sendable {
  /// At least one; identifiers are unique; in the order of the file.
  public let questions: [Question]
  /// What the reader ignored, one sentence each. These are not errors.
  public let notes: [String]
  /// Hexadecimal SHA-256 of the file's bytes. For several files: of the lines that sha256sum prints for them.
  public let digest: String

  /// Reads a file. Its form is recognised by its content: LLaVA's lines (with our keys and POPE's labels), MME's task
  /// files, ScienceQA's list, TextVQA, VQAv2, GQA, VizWiz, easy-VQA.
  /// - Parameters:
  ///   - file: content and name.
  ///   - annotations: VQAv2's answers, which are in a file of their own.
  ///   - requiresAnswers: whether a question without a right answer is an error.
  /// - Throws: `EvaluationError`, naming file and line or entry.
  public static func read(
    _ file: QuestionFile, annotations: QuestionFile? = nil, requiresAnswers: Bool = true
  ) throws(EvaluationError) -> QuestionList {
    var collector = QuestionCollector(file: file.name, requiresAnswers: requiresAnswers)
    let text = try TextLines(file.bytes, file: file.name)
    let form = try QuestionForm(text, file: file.name)
    if let annotations {
      guard case .vqa = form else { throw .needlessAnnotations(file: file.name, annotations: annotations.name) }
    }
    let notes = try form.read(text, annotations: annotations, into: &collector)
    guard !collector.questions.isEmpty else { throw .noQuestions(file: file.name) }
    let files = [file] + (annotations.map { [$0] } ?? [])
    return QuestionList(questions: collector.questions, notes: notes, digest: digest(of: files))
  }

  /// Reads a folder of MME's task files.
  /// - Parameter files: the folder's `TASK.txt` files, in any order.
  /// - Throws: `EvaluationError`, naming file and line.
  public static func read(
    tasks files: [QuestionFile], folder: String, requiresAnswers: Bool = true
  ) throws(EvaluationError) -> QuestionList {
    guard !files.isEmpty else { throw .noQuestions(file: folder) }
    let files = files.sorted { $0.name < $1.name }
    var questions: [Question] = []
    for file in files {
      var collector = QuestionCollector(file: file.name, requiresAnswers: requiresAnswers)
      try MMEQuestions.read(try TextLines(file.bytes, file: file.name), into: &collector)
      guard !collector.questions.isEmpty else { throw .noQuestions(file: file.name) }
      questions += collector.questions
    }
    return QuestionList(questions: questions, notes: [], digest: digest(of: files))
  }

  private static func digest(of files: [QuestionFile]) -> String {
    let digests = files.map { SHA256.hexadecimal($0.bytes) }
    if digests.count == 1 { return digests[0] }
    let lines = zip(digests, files).map { digest, file in
      "\(digest)  \(file.name.split(separator: "/").last ?? "")\n"
    }
    return SHA256.hexadecimal(Array(lines.joined().utf8))
  }
}
