import Basics
import Foundation
import Images
import Pruning
import VLM

/// One answered question.
public struct AnsweredQuestion: Sendable {
  public let question: Question
  public let answer: AnswerRecord
  public let isRight: Bool
}

/// Questions about images, answered with one model and one setting. Each image is decoded, encoded and pruned once, and
/// its questions share the part of the prompt that is the same.
public struct EvaluationRun: Sendable {
  public let model: VisionLanguageModel
  public let setting: PruningSetting
  public let metric: Metric
  public let options: GenerationOptions
  public let limits: ImageLimits
  /// Whether questions of one image share its encoding and prefix.
  public let reuses: Bool
  /// A fixed grid of crops; by default each picture's shape decides.
  public let grid: Grid?

  public init(
    model: VisionLanguageModel, setting: PruningSetting, metric: Metric = .exact,
    options: GenerationOptions = GenerationOptions(), limits: ImageLimits = ImageLimits(), reuses: Bool = true,
    grid: Grid? = nil
  ) {
    self.model = model
    self.setting = setting
    self.metric = metric
    self.options = options
    self.limits = limits
    self.reuses = reuses
    self.grid = grid
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
      let picture = try picture(of: questions[group[0]], in: images)
      var conversation = Conversation(model: model, setting: setting)
      for (place, index) in group.enumerated() {
        let startsAnew = place == 0 || !reuses
        if place > 0, startsAnew { conversation = Conversation(model: model, setting: setting) }
        conversation.forgetTurns()
        let result = try ask(questions[index], about: startsAnew ? [picture] : [], in: &conversation)
        answered[index] = result
        try onAnswer(result)
      }
    }
    return answered.compactMap { $0 }
  }

  func ask(
    _ question: Question, about pictures: [Picture], in conversation: inout Conversation
  ) throws(EvaluationError) -> AnsweredQuestion {
    do {
      let answer = try conversation.ask(question.text, newPictures: pictures, options: options)
      return AnsweredQuestion(
        question: question, answer: answer.record, isRight: metric.grade(answer.text, of: question) == 1)
    } catch {
      throw .model(error, question: question.identifier.description)
    }
  }

  func picture(of question: Question, in folder: String) throws(EvaluationError) -> Picture {
    let path = "\(folder)/\(question.image)"
    let status = try? FileManager.default.attributesOfItem(
      atPath: URL(fileURLWithPath: path).resolvingSymlinksInPath().path)
    // A regular file ends; a device or a pipe may not.
    guard status?[.type] as? FileAttributeType == .typeRegular,
      let data = FileManager.default.contents(atPath: path)
    else { throw .unreadable(file: path, reason: "no such file, or not a readable one") }
    do { return try model.picture([UInt8](data), file: path, limits: limits, grid: grid) } catch {
      throw .model(error, question: question.identifier.description)
    }
  }

  /// Indices of the questions of each image.
  static func groups(_ questions: [Question]) -> [[Int]] {
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
