import Foundation
import Images
import Pruning
import VLM

/// One answered question.
public struct AnsweredQuestion: Sendable {
  public let question: Question
  public let answer: Answer
  public let isRight: Bool
}

/// Questions about images, answered with one model and one setting. Each image is decoded, encoded and pruned once, and its
/// questions share the part of the prompt that is the same.
public struct EvaluationRun: Sendable {
  public let model: VisionLanguageModel
  public let setting: PruningSetting
  public let metric: Metric
  public let options: GenerationOptions
  public let limits: ImageLimits
  /// Whether questions of one image share its encoding and prefix.
  public let reuses: Bool

  public init(
    model: VisionLanguageModel, setting: PruningSetting, metric: Metric = .exact,
    options: GenerationOptions = GenerationOptions(), limits: ImageLimits = ImageLimits(), reuses: Bool = true
  ) {
    self.model = model
    self.setting = setting
    self.metric = metric
    self.options = options
    self.limits = limits
    self.reuses = reuses
  }

  /// Answers all questions, image by image in the order in which images first appear.
  /// - Parameters:
  ///   - images: the folder that the questions' paths are relative to.
  ///   - onAnswer: called with each answer as it is there.
  /// - Returns: the answers in the order of the questions.
  public func answer(
    _ questions: [Question], images: String, onAnswer: (AnsweredQuestion) throws -> Void = { _ in }
  ) throws -> [AnsweredQuestion] {
    var answered = [AnsweredQuestion?](repeating: nil, count: questions.count)
    for group in Self.groups(questions) {
      let first = questions[group[0]]
      do {
        let picture = try picture(first.image, in: images)
        var conversation = Conversation(model: model, setting: setting)
        for (place, index) in group.enumerated() {
          let startsAnew = place == 0 || !reuses
          if place > 0, startsAnew { conversation = Conversation(model: model, setting: setting) }
          conversation.forgetTurns()
          let answer = try conversation.ask(
            questions[index].text, newPictures: startsAnew ? [picture] : [], options: options)
          let result = AnsweredQuestion(
            question: questions[index], answer: answer,
            isRight: metric.isRight(answer.text, among: questions[index].answers))
          answered[index] = result
          try onAnswer(result)
        }
      } catch let error as VLMError {
        throw EvaluationError.model(error, question: first.identifier.description)
      }
    }
    return answered.compactMap { $0 }
  }

  private func picture(_ name: String, in folder: String) throws -> Picture {
    let path = "\(folder)/\(name)"
    guard let data = FileManager.default.contents(atPath: path) else {
      throw EvaluationError.unreadable(file: path, reason: "no such file, or not readable")
    }
    return try model.picture([UInt8](data), file: path, limits: limits)
  }

  /// Indices of the questions of each image.
  private static func groups(_ questions: [Question]) -> [[Int]] {
    var places: [String: Int] = [:]
    var groups: [[Int]] = []
    for (index, question) in questions.enumerated() {
      if let place = places[question.image] {
        groups[place].append(index)
      } else {
        places[question.image] = groups.count
        groups.append([index])
      }
    }
    return groups
  }
}
