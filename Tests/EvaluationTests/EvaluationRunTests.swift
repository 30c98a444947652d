import Foundation
import Kernels
import Pruning
import TestSupport
import Testing
import VLM

@testable import Evaluation

@Suite
struct `Evaluation runs` {
  private static let model = "tiny-classic"

  private func run(_ strategy: String, keep: String, reuses: Bool) throws -> [AnsweredQuestion] {
    let model = try FamilyCatalogue.load(
      folder: Fixtures.model(Self.model).path, name: Self.model, workers: Workers(count: 2))
    let setting = PruningSetting(
      strategy: try StrategyCatalogue.standard.make(parsing: strategy), budget: try Budget(parsing: keep))
    let run = EvaluationRun(
      model: model, setting: setting, options: GenerationOptions(maxNewTokens: 8), reuses: reuses)
    return try run.answer(Self.questions, images: Fixtures.url("images").path)
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
    let judged = answered.enumerated().map {
      AnsweredQuestion(question: $0.element.question, answer: $0.element.answer, isRight: $0.offset % 3 == 0)
    }
    let report = EvaluationReport(judged, metric: .exact)
    #expect(report.n == 6)
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

  @Test
  func `a missing image names its path`() throws {
    let model = try FamilyCatalogue.load(
      folder: Fixtures.model(Self.model).path, name: Self.model, workers: Workers(count: 1))
    let setting = PruningSetting(strategy: try StrategyCatalogue.standard.make(parsing: "none"), budget: .all)
    let question = Question(
      identifier: .number(1), image: "absent.png", text: "What?", category: nil, answers: ["red"])
    let error = #expect(throws: EvaluationError.self) {
      try EvaluationRun(model: model, setting: setting).answer([question], images: Fixtures.url("images").path)
    }
    #expect(error?.message.contains("absent.png") == true)
  }
}
