import Foundation
import Kernels
import Pruning
import Synchronization
import TestSupport
import Testing

@testable import Evaluation
@testable import VLM

@Suite
struct `Evaluation runs` {
  private static let model = "tiny-classic"

  private func run(_ strategy: String, keep: String, reuses: Bool) throws -> [AnsweredQuestion] {
    let model = try FamilyCatalogue.load(
      folder: Fixtures.model(Self.model).path, name: Self.model, workers: Workers(count: 2))
    let setting = PruningSetting(
      strategy: try StrategyCatalogue.standard.make(parsing: strategy), budget: try Budget(parsing: keep))
    let run = EvaluationRun(
      model: model, settings: [setting], options: GenerationOptions(maxNewTokens: 8), reuses: reuses)
    return try run.answers(to: Self.questions, images: Fixtures.url("images").path)
  }

  /// Two pictures, their questions interleaved.
  private static let questions: [Question] = (0..<6).map { index in
    Question(
      identifier: .number(index), image: index % 2 == 0 ? "tiny-wide.png" : "tiny-square.png",
      text: "What is number \(index) here?", category: index < 3 ? "early" : "late", answers: ["nothing"])
  }

  @Test(arguments: ["none", "hiprune", "hiprune++"])
  func `answers come in the order of the questions, and sharing an image's prefix changes none`(strategy: String) throws
  {
    let keep = strategy == "none" ? "all" : "9"
    let shared = try run(strategy, keep: keep, reuses: true)
    let fresh = try run(strategy, keep: keep, reuses: false)
    #expect(shared.map(\.question.identifier) == Self.questions.map(\.identifier))
    #expect(shared.map(\.answer.text) == fresh.map(\.answer.text))
    #expect(shared.map(\.answer.keptTokens) == fresh.map(\.answer.keptTokens))
  }

  @Test
  func `a report counts every question once, overall and by category`() throws {
    let answered = try run("hiprune", keep: "9", reuses: true)
    var tally = EvaluationTally()
    for (index, answered) in answered.enumerated() {
      tally.add(
        category: answered.question.category, grade: index % 3 == 0 ? 1 : 0,
        kept: (answered.answer.keptTokens, answered.answer.visualTokens), times: ["encode": 1])
    }
    let report = EvaluationReport(tally, strategy: "hiprune", metric: .exact)
    #expect(report.n == 6)
    #expect(report.timings["encode"] == 6 && report.timings["decode"] == 0)
    #expect(report.accuracy == 2.0 / 6)
    for category in ["early", "late"] {
      #expect(report.categories[category]?.n == 3)
      #expect(report.categories[category]?.accuracy == 1.0 / 3)
    }
    #expect(report.categories.count == 2)
    #expect(report.visualTokens == 25)
    #expect(report.kept == 9)
    #expect(report.keepRatio == 9.0 / 25)
    #expect(report.interval[0] < report.accuracy && report.accuracy < report.interval[1])
  }

  /// A path that ends at the folder would be read as the frames of a video.
  @Test
  func `a question without a picture is refused before any is asked`() throws {
    let question = Question(identifier: .number(7), image: "", text: "What?", category: nil, answers: ["red"])
    let error = #expect(throws: EvaluationError.self) {
      try EvaluationRun.checkImages(of: [question], in: Fixtures.url("images").path, file: "questions.json")
    }
    #expect(error?.message.contains("question 7") == true && error?.message.contains("without a picture") == true)
  }

  @Test
  func `a missing image names its path`() throws {
    let model = try FamilyCatalogue.load(
      folder: Fixtures.model(Self.model).path, name: Self.model, workers: Workers(count: 1))
    let setting = PruningSetting(strategy: try StrategyCatalogue.standard.make(parsing: "none"), budget: .all)
    let question = Question(
      identifier: .number(1), image: "absent.png", text: "What?", category: nil, answers: ["red"])
    let error = #expect(throws: EvaluationError.self) {
      try EvaluationRun(model: model, settings: [setting]).answers(to: [question], images: Fixtures.url("images").path)
    }
    #expect(error?.message.contains("absent.png") == true)
  }

  /// A run that goes on where it was cut must give the answers that it would have had: what was asked before a question
  /// changes no bit of its logits, so neither does starting anywhere.
  @Test(arguments: ["none", "fastervlm", "hiprune++"])
  func `an answer does not depend on the question before it`(strategy: String) throws {
    let model = try FamilyCatalogue.load(
      folder: Fixtures.model(Self.model).path, name: Self.model, workers: Workers(count: 2),
      compute: ComputeOptions(precision: .int8))
    let setting = try PruningSetting(strategy, keep: strategy == "none" ? "all" : "9")
    let bytes = try readFile(Fixtures.image("tiny-wide.png").path)
    let options = GenerationOptions(maxNewTokens: 4, isolatesQuestions: true)
    func logits(after earlier: [String]) throws -> [Float] {
      var conversation = Conversation(model: model, setting: setting)
      var picture = [try model.picture(bytes, file: "tiny-wide.png")]
      for question in earlier {
        _ = try conversation.ask(question, newPictures: picture, options: options)
        conversation.forgetTurns()
        picture = []
      }
      var generation = try conversation.begin("What is number 4 here?", newPictures: picture, options: options)
      while generation.logits == nil { _ = try conversation.next(&generation) }
      return try #require(generation.logits)
    }
    let alone = try logits(after: [])
    #expect(try logits(after: ["What is number 3 here?"]) == alone)
    #expect(try logits(after: ["Why?", "What is number 4 here? Or 5?"]) == alone)
  }

  @Test
  func `a picture that cannot be used costs its own questions and no others`() throws {
    let model = try FamilyCatalogue.load(
      folder: Fixtures.model(Self.model).path, name: Self.model, workers: Workers(count: 1))
    let run = EvaluationRun(
      model: model, settings: [try PruningSetting("none", keep: "all"), try PruningSetting("hiprune", keep: "9")],
      options: GenerationOptions(maxNewTokens: 2),
      loadPicture: { path, model in
        if path.hasSuffix("tiny-wide.png") { throw EvaluationError.unreadable(file: path, reason: "it is damaged") }
        return try EvaluationRun.imageFile(path, model)
      })
    var failed: [[Int]] = []
    var answered: [[Int]] = []
    let isWhole = try run.run(Self.questions, images: Fixtures.url("images").path) { result in
      switch result.outcome {
      case .answered: answered.append([result.question, result.setting])
      case .failed: failed.append([result.question, result.setting])
      }
    }
    #expect(isWhole)
    #expect(failed == [[0, 0], [2, 0], [4, 0], [0, 1], [2, 1], [4, 1]])
    #expect(answered == [[1, 0], [3, 0], [5, 0], [1, 1], [3, 1], [5, 1]])
  }

  @Test
  func `a cancelled run stops after the answers that it has and says so`() throws {
    let model = try FamilyCatalogue.load(
      folder: Fixtures.model(Self.model).path, name: Self.model, workers: Workers(count: 1))
    let run = EvaluationRun(model: model, settings: [try PruningSetting("none", keep: "all")])
    let answered = Atomic<Int>(0)
    let isWhole = try run.run(
      Self.questions, images: Fixtures.url("images").path, isCancelled: { answered.load(ordering: .relaxed) == 2 }
    ) { _ in answered.add(1, ordering: .relaxed) }
    #expect(!isWhole && answered.load(ordering: .relaxed) == 2)
  }

  /// The picture in flight is given up, too, and is neither an answer nor a failure.
  @Test
  func `a run that is cancelled while it encodes ends there, without a result`() throws {
    let model = try FamilyCatalogue.load(
      folder: Fixtures.model(Self.model).path, name: Self.model, workers: Workers(count: 1))
    let run = EvaluationRun(model: model, settings: [try PruningSetting("none", keep: "all")])
    // The first check is made before the picture is read, the next ones before blocks of the tower.
    for limit in 1...model.towerDescription.featureLayer + 2 {
      let checks = Atomic<Int>(0)
      var results = 0
      let isWhole = try run.run(
        Self.questions, images: Fixtures.url("images").path,
        isCancelled: { checks.add(1, ordering: .relaxed).newValue >= limit }
      ) { _ in results += 1 }
      #expect(!isWhole && results == 0)
      #expect(checks.load(ordering: .relaxed) == limit)
    }
  }
}
