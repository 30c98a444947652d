import Basics

/// ScienceQA's figures: accuracy over all questions, and over those that have a picture.
public struct ScienceQAScore: Sendable, Encodable {
  public let accuracy: Double
  /// nil if no question has a picture.
  public let imageAccuracy: Double?
  public let correct: Int
  public let n: Int
  /// Number of answers whose grade differs from the one in the file.
  public let regraded: Int

  private enum CodingKeys: String, CodingKey {
    case accuracy, correct, n
    case imageAccuracy = "image_accuracy"
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(accuracy, forKey: .accuracy)
    // Null rather than left out, to show that the figure is undefined.
    try container.encode(imageAccuracy, forKey: .imageAccuracy)
    try container.encode(correct, forKey: .correct)
    try container.encode(n, forKey: .n)
  }

  private struct Grade {
    let isRight: Bool
    let hasImage: Bool
  }

  private init(_ grades: [Grade], regraded: Int) {
    let pictured = grades.filter(\.hasImage)
    n = grades.count
    correct = grades.count(where: \.isRight)
    accuracy = Double(correct) / Double(n)
    imageAccuracy =
      pictured.isEmpty ? nil : Double(pictured.count(where: \.isRight)) / Double(pictured.count)
    self.regraded = regraded
  }

  /// - Parameters:
  ///   - questions: at least one; a question without a picture has an empty `image`.
  ///   - answers: one per question, in the same order.
  public init(_ questions: [Question], answers: [String]) {
    precondition(!questions.isEmpty, "a score is of at least one question")
    let grades = zip(questions, answers).map {
      Grade(isRight: Metric.scienceqa.grade($1, of: $0) == 1, hasImage: !$0.image.isEmpty)
    }
    self.init(grades, regraded: 0)
  }

  /// Grades LLaVA's graded file again. Its lists `correct` and `incorrect` contain {question_id, pred, ground_truth,
  /// is_multimodal}.
  /// - Throws: `EvaluationError`, naming list and entry.
  public init(graded file: QuestionFile) throws(EvaluationError) {
    let root = try JSONFile.value(try TextLines(file.bytes, file: file.name), file: file.name)
    var grades: [Grade] = []
    var regraded = 0
    var seen: Set<Question.Identifier> = []
    for key in ["correct", "incorrect"] {
      guard let list = root[key]?.elements else {
        throw .malformedFile(file: file.name, reason: "it has no list \"\(key)\": it is no graded file of LLaVA's")
      }
      for (index, element) in list.enumerated() {
        let record = QuestionRecord(json: element, file: "\(file.name), \(key)", place: .entry(index + 1))
        let identifier = try record.identifier()
        guard seen.insert(identifier).inserted else { throw record.wrong("question_id \(identifier) occurs twice") }
        guard let answer = try record.required("pred").string else {
          throw record.wrong("its pred is no string")
        }
        guard let hasImage = try record.required("is_multimodal").boolean else {
          throw record.wrong("its is_multimodal is not true or false")
        }
        let truth = try record.text("ground_truth")
        let isRight = ScienceQAAnswer.letter(in: answer).map(String.init) == truth
        if isRight != (key == "correct") { regraded += 1 }
        grades.append(Grade(isRight: isRight, hasImage: hasImage))
      }
    }
    guard !grades.isEmpty else { throw .mismatch("\(file.name) holds no answer") }
    self.init(grades, regraded: regraded)
  }
}
