import Pruning
import VLM

/// The same questions under several settings.
public struct Sweep: Sendable {
  /// One setting's answers, in the order of the questions.
  public struct Row: Sendable {
    public let setting: PruningSetting
    public let answers: [AnsweredQuestion]

    public var accuracy: Proportion { Proportion(right: answers.count(where: \.isRight), of: answers.count) }
    /// Mean over questions.
    public var kept: Double {
      Double(answers.reduce(0) { $0 + $1.answer.keptTokens }) / Double(max(answers.count, 1))
    }

    /// Against another setting on the same questions.
    public func compared(with other: Row) -> PairedComparison {
      PairedComparison(answers.map(\.isRight), other.answers.map(\.isRight))
    }
  }

  public let rows: [Row]
}

extension EvaluationRun {
  /// Answers all questions under each setting. A picture is decoded and encoded once for all of them, with the evidence
  /// that any of them reads, and the part of the prompt up to the picture's end is prefilled once a setting.
  /// - Parameter onAnswer: called with each answer as it is there.
  public func sweep(
    _ questions: [Question], images: String, settings: [PruningSetting], onAnswer: (AnsweredQuestion) -> Void = { _ in }
  ) throws -> Sweep {
    precondition(!settings.isEmpty, "a sweep has a setting")
    var answered = [[AnsweredQuestion?]](
      repeating: [AnsweredQuestion?](repeating: nil, count: questions.count), count: settings.count)
    for group in Self.groups(questions) {
      let picture = try picture(of: questions[group[0]], in: images)
      var conversation = Conversation(
        model: model, setting: settings[0], expecting: try evidence(of: picture, settings))
      for (number, setting) in settings.enumerated() {
        conversation.change(setting)
        for (place, index) in group.enumerated() {
          conversation.forgetTurns()
          let isFirst = number == 0 && place == 0
          let result = try ask(questions[index], about: isFirst ? [picture] : [], in: &conversation)
          answered[number][index] = result
          onAnswer(result)
        }
      }
    }
    return Sweep(
      rows: zip(settings, answered).map { Sweep.Row(setting: $0, answers: $1.compactMap { $0 }) })
  }

  /// What any of the settings reads of the picture alone.
  private func evidence(of picture: Picture, _ settings: [PruningSetting]) throws -> Evidence {
    var all = Evidence.none
    for setting in settings { all = all.union(try model.evidence(for: setting, of: picture)) }
    return all
  }
}
