/// MME's figures. A task scores 100 times its accuracy plus 100 times the share of images with both answers right;
/// perception and cognition are the sums over their tasks.
public struct MMEScore: Sendable, Encodable {
  public struct Task: Sendable, Encodable {
    public let score: Double
    public let accuracy: Double
    public let accuracyPlus: Double
    /// Number of questions, two per image.
    public let n: Int

    private enum CodingKeys: String, CodingKey {
      case score, accuracy, n
      case accuracyPlus = "accuracy_plus"
    }

    /// - Parameter answers: answers to one task; the two about one image are neighbours.
    init(_ answers: [Answer]) {
      let pairs = stride(from: 0, to: answers.count, by: 2).map { answers[$0].isRight && answers[$0 + 1].isRight }
      n = answers.count
      accuracy = Double(answers.count(where: \.isRight)) / Double(n)
      accuracyPlus = Double(pairs.count { $0 }) / Double(pairs.count)
      score = 100 * accuracy + 100 * accuracyPlus
    }
  }

  struct Answer {
    let image: String
    let isRight: Bool
  }

  public static let perceptionTasks = [
    "existence", "count", "position", "color", "posters", "celebrity", "scene", "landmark", "artwork", "OCR",
  ]
  public static let cognitionTasks = [
    "commonsense_reasoning", "numerical_calculation", "text_translation", "code_reasoning",
  ]

  public let perception: Double
  public let cognition: Double
  public let tasks: [String: Task]

  /// Scores a folder of task files whose fourth column is the model's answer.
  /// - Throws: `EvaluationError`, naming file and line; `mismatch` if a task is missing or unknown, or if an image
  ///   does not have exactly two adjacent questions.
  public init(tasks files: [QuestionFile], folder: String) throws(EvaluationError) {
    var answers: [String: [Answer]] = [:]
    for file in files {
      let lines = try MMEQuestions.lines(file.bytes, file: file.name)
      answers[MMEQuestions.task(of: file.name)] = try lines.enumerated().map { index, line throws(EvaluationError) in
        guard let answer = line.answer else {
          throw .malformedEntry(
            file: file.name, place: "answer \(index + 1)", reason: "it has no fourth column, the model's answer")
        }
        return Answer(image: line.image, isRight: YesNo.mme(answer) == line.truth)
      }
    }
    try self.init(answers, source: folder)
  }

  /// Scores answers to a list of MME questions, whose categories are the tasks.
  /// - Parameter texts: one answer per question, in the same order.
  public init(_ questions: [Question], answers texts: [String], file: String) throws(EvaluationError) {
    let graded = zip(questions, texts).map { question, text in
      (
        task: question.category ?? "(none)",
        answer: Answer(
          image: question.image, isRight: Metric.mme.grade(text, of: question) == 1)
      )
    }
    try self.init(Dictionary(grouping: graded, by: \.task).mapValues { $0.map(\.answer) }, source: file)
  }

  private init(_ answers: [String: [Answer]], source: String) throws(EvaluationError) {
    let known = Self.perceptionTasks + Self.cognitionTasks
    if let unknown = answers.keys.sorted().first(where: { !known.contains($0) }) {
      throw .mismatch("\(source) has the task \(unknown), which MME has not")
    }
    let missing = known.filter { answers[$0]?.isEmpty ?? true }
    guard missing.isEmpty else {
      throw .mismatch("\(source) lacks \(missing.joined(separator: ", ")) of MME's \(known.count) tasks")
    }
    for (task, list) in answers.sorted(by: { $0.key < $1.key }) {
      for index in stride(from: 0, to: list.count, by: 2)
      where index + 1 == list.count || list[index].image != list[index + 1].image {
        throw .mismatch("\(list[index].image) of \(task) in \(source) has not two questions beside each other")
      }
    }
    let tasks = answers.mapValues(Task.init)
    self.tasks = tasks
    perception = Self.perceptionTasks.reduce(0) { $0 + (tasks[$1]?.score ?? 0) }
    cognition = Self.cognitionTasks.reduce(0) { $0 + (tasks[$1]?.score ?? 0) }
  }
}
