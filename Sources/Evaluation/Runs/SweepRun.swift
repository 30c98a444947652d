import VLM

/// Answers questions under several settings, one row each.
public struct SweepRun: Sendable {
  public let run: EvaluationRun
  /// Names of the settings in the run's files.
  public let names: [RunManifest.Setting]
  public let questions: [Question]
  /// The folder that image paths are relative to.
  public let images: String

  public init(run: EvaluationRun, names: [RunManifest.Setting], questions: [Question], images: String) {
    precondition(run.settings.count == names.count, "each setting has a name")
    self.run = run
    self.names = names
    self.questions = questions
    self.images = images
  }

  /// Makes the rows that do not exist yet.
  /// - Parameters:
  ///   - isDone: whether a row, by question and setting, exists.
  ///   - explain: turns an error into the one line that a row contains.
  /// - Returns: whether every row exists; false if the run was cancelled.
  public func run(
    isDone: (Int, Int) -> Bool = { _, _ in false }, isCancelled: @escaping @Sendable () -> Bool = { false },
    explain: (any Error) -> String, onRow: (RunRow) throws -> Void
  ) throws -> Bool {
    try run.run(questions, images: images, isDone: isDone, isCancelled: isCancelled) { result in
      try onRow(row(result, explain: explain))
    }
  }

  private func row(_ result: EvaluationRun.Result, explain: (any Error) -> String) -> RunRow {
    let (question, name) = (questions[result.question], names[result.setting])
    switch result.outcome {
    case .answered(let answered):
      let answer = answered.answer
      let times = answer.timings.milliseconds.map { ("\($0.key)_ms", $0.value) }
      return RunRow(
        question: question.identifier, image: question.image, category: question.category, strategy: name.strategy,
        keep: name.keep, kept: answer.keptTokens, visualTokens: answer.visualTokens, answer: answer.text,
        correct: answered.grade, times: Dictionary(uniqueKeysWithValues: times))
    case .failed(let error):
      return RunRow(
        question: question.identifier, image: question.image, category: question.category, strategy: name.strategy,
        keep: name.keep, correct: question.answers.isEmpty ? nil : 0, error: explain(error))
    }
  }
}
