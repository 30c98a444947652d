import Basics
import Foundation
import Images
import Pruning
import VLM

/// One answered question.
public struct AnsweredQuestion: Sendable {
  public let question: Question
  public let answer: AnswerRecord
  /// 0…1; nil if there is no right answer to compare with.
  public let grade: Double?

  public init(question: Question, answer: AnswerRecord, grade: Double?) {
    self.question = question
    self.answer = answer
    self.grade = grade
  }

  public var isRight: Bool { grade == 1 }
}

/// Asks one model questions about images, under one or several settings. Each image is decoded and encoded once, with
/// the evidence that any setting reads; the prompt up to the image's end is prefilled once per setting. An answer
/// depends only on its question, image and setting, down to the last bit.
public struct EvaluationRun: Sendable {
  public let model: VisionLanguageModel
  public let settings: [PruningSetting]
  public let metric: Metric
  public let options: GenerationOptions
  public let system: String?
  /// Whether questions about one image share its encoding and prefix.
  public let reuses: Bool
  /// Loads the picture at a path for the model.
  public let loadPicture: PictureLoader

  public typealias PictureLoader = @Sendable (_ path: String, _ model: VisionLanguageModel) throws -> Picture

  /// The outcome of one question under one setting.
  public struct Result: Sendable {
    /// Index of the question among those asked, and of the setting.
    public let question: Int
    public let setting: Int
    public let outcome: Outcome
  }

  public enum Outcome: Sendable {
    case answered(AnsweredQuestion)
    /// Why there is no answer; the picture may have failed, or this question.
    case failed(any Error)
  }

  /// - Parameter options: `isolatesQuestions` is always turned on.
  public init(
    model: VisionLanguageModel, settings: [PruningSetting], metric: Metric = .exact,
    options: GenerationOptions = GenerationOptions(), system: String? = nil, reuses: Bool = true,
    loadPicture: @escaping PictureLoader = EvaluationRun.imageFile
  ) {
    precondition(!settings.isEmpty, "a run has a setting")
    self.model = model
    self.settings = settings
    self.metric = metric
    self.options = GenerationOptions(
      maxNewTokens: options.maxNewTokens, sampling: options.sampling, isolatesQuestions: true)
    self.system = system
    self.reuses = reuses
    self.loadPicture = loadPicture
  }

  /// Answers questions, image by image in the order in which images first appear, setting by setting.
  /// - Parameters:
  ///   - images: the folder that image paths are relative to.
  ///   - isDone: whether a question, by question and setting, already has its answer.
  ///   - isCancelled: asked between the blocks of the model.
  ///   - onResult: called with each result as soon as it exists.
  /// - Returns: whether every question was answered; false if the run was cancelled.
  /// - Throws: what `onResult` throws. A picture or a question that fails is a result, not an error.
  public func run(
    _ questions: [Question], images: String, isDone: (Int, Int) -> Bool = { _, _ in false },
    isCancelled: @escaping @Sendable () -> Bool = { false }, onResult: (Result) throws -> Void
  ) throws -> Bool {
    let model = model.stopping(when: isCancelled)
    for group in Self.groups(questions) {
      let missing = settings.indices.flatMap { setting in
        group.filter { !isDone($0, setting) }.map { (question: $0, setting: setting) }
      }
      guard !missing.isEmpty else { continue }
      if isCancelled() { return false }
      do {
        let picture = try loadPicture("\(images)/\(questions[group[0]].image)", model)
        guard
          try answer(missing, of: questions, about: picture, by: model, onResult: onResult)
        else { return false }
      } catch let failure as ReportingFailure {
        throw failure.error
      } catch {
        for place in missing {
          try onResult(Result(question: place.question, setting: place.setting, outcome: .failed(error)))
        }
      }
    }
    return true
  }

  /// Wraps what `onResult` threw, to keep it apart from a picture's failure.
  private struct ReportingFailure: Error { let error: any Error }

  /// - Returns: false if the run was cancelled.
  private func answer(
    _ places: [(question: Int, setting: Int)], of questions: [Question], about picture: Picture,
    by model: VisionLanguageModel, onResult: (Result) throws -> Void
  ) throws -> Bool {
    let expected = try evidence(of: picture, places.map(\.setting))
    var conversation = Conversation(model: model, setting: settings[0], system: system, expecting: expected)
    var isNew = true
    for place in places {
      if !reuses, !isNew {
        conversation = Conversation(model: model, setting: settings[0], system: system)
        isNew = true
      }
      conversation.change(settings[place.setting])
      conversation.forgetTurns()
      let outcome: Outcome
      do {
        outcome = .answered(try ask(questions[place.question], isNew ? [picture] : [], &conversation))
        isNew = false
      } catch VLMError.cancelled {
        return false
      } catch {
        outcome = .failed(error)
      }
      do {
        try onResult(Result(question: place.question, setting: place.setting, outcome: outcome))
      } catch {
        throw ReportingFailure(error: error)
      }
    }
    return true
  }

  private func ask(
    _ question: Question, _ pictures: [Picture], _ conversation: inout Conversation
  ) throws(VLMError) -> AnsweredQuestion {
    let answer = try conversation.ask(question.text, newPictures: pictures, options: options)
    return AnsweredQuestion(
      question: question, answer: answer.record,
      grade: question.answers.isEmpty ? nil : metric.grade(answer.text, of: question))
  }

  /// What the settings read of the picture itself, apart from any question.
  private func evidence(of picture: Picture, _ places: [Int]) throws(VLMError) -> Evidence {
    var all = Evidence.none
    for place in Set(places) { all = all.union(try model.evidence(for: settings[place], of: picture)) }
    return all
  }

  /// Groups the indices of the questions by image.
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

extension EvaluationRun {
  /// Reads a PNG or JPEG file within the standard limits.
  public static let imageFile: PictureLoader = { path, model in
    guard let data = FileManager.default.contents(atPath: path) else {
      throw EvaluationError.unreadable(file: path, reason: "no such file, or not a readable one")
    }
    return try model.picture([UInt8](data), file: path)
  }

  /// Answers all questions under the first setting and returns the answers in the order of the questions. They are
  /// kept in memory, so use it for few questions.
  /// - Throws: the first failure.
  public func answers(to questions: [Question], images: String) throws -> [AnsweredQuestion] {
    try table(of: questions, images: images)[0]
  }

  /// Answers all questions under every setting: [setting][question].
  /// - Throws: the first failure.
  public func table(of questions: [Question], images: String) throws -> [[AnsweredQuestion]] {
    var table = [[AnsweredQuestion?]](
      repeating: [AnsweredQuestion?](repeating: nil, count: questions.count), count: settings.count)
    _ = try run(questions, images: images) { result in
      switch result.outcome {
      case .answered(let answer): table[result.setting][result.question] = answer
      case .failed(let error): throw error
      }
    }
    return table.map { $0.compactMap { $0 } }
  }

  /// Refuses the first image that does not exist, before any image is encoded. A folder is accepted as a video's
  /// frames.
  /// - Throws: `.missingImage`.
  public static func checkImages(
    of questions: [Question], in folder: String, file: String
  ) throws(EvaluationError) {
    var seen: Set<String> = []
    for question in questions where seen.insert(question.image).inserted {
      let path = "\(folder)/\(question.image)"
      // An empty path would name the image folder itself, which would pass as a video.
      guard !question.image.isEmpty else {
        throw .missingImage(
          path, question: question.identifier.description, file: file,
          reason: "it names none, and questions without a picture cannot be asked")
      }
      var status = stat()
      guard stat(path, &status) == 0 else {
        throw .missingImage(path, question: question.identifier.description, file: file, reason: "no such file")
      }
      // A regular file ends; a device or a pipe may not.
      let kind = status.st_mode & S_IFMT
      guard kind == S_IFREG || kind == S_IFDIR, access(path, R_OK) == 0 else {
        throw .missingImage(
          path, question: question.identifier.description, file: file, reason: "it is not a readable file or folder")
      }
    }
  }
}
