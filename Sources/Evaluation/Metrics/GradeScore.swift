/// The mean grade, over all questions and by category.
public struct GradeScore: Sendable, Encodable {
  public struct Category: Sendable, Encodable {
    public let accuracy: Double
    public let n: Int
  }

  public let metric: String
  /// 0…1.
  public let score: Double
  /// Number of questions; for MMBench, without their rotated copies.
  public let n: Int
  public let categories: [String: Category]

  /// - Parameters:
  ///   - questions: at least one.
  ///   - answers: one per question, in the same order.
  public init(_ metric: Metric, _ questions: [Question], answers: [String]) {
    precondition(!questions.isEmpty && questions.count == answers.count, "every question is answered once")
    var graded = zip(questions, answers).map { (question: $0, grade: metric.grade($1, of: $0)) }
    if metric == .mmbench { graded = Self.circular(graded) }
    func mean(_ graded: [(question: Question, grade: Double)]) -> Double {
      graded.reduce(0) { $0 + $1.grade } / Double(graded.count)
    }
    self.metric = metric.rawValue
    score = mean(graded)
    n = graded.count
    categories = Dictionary(grouping: graded) { $0.question.category ?? "(none)" }
      .mapValues { Category(accuracy: mean($0), n: $0.count) }
  }

  /// MMBench's circular evaluation: a question is right only if every copy with rotated options is right.
  private static func circular(
    _ graded: [(question: Question, grade: Double)]
  ) -> [(question: Question, grade: Double)] {
    var places: [Question.Identifier: Int] = [:]
    var originals: [(question: Question, grade: Double)] = []
    for (question, grade) in graded {
      let original = MMBenchLetter.original(of: question.identifier)
      if let place = places[original] {
        originals[place].grade = min(originals[place].grade, grade)
      } else {
        places[original] = originals.count
        originals.append((question, grade))
      }
    }
    return originals
  }
}
