import Basics
import Checkpoint
import Foundation
import TestSupport
import Testing

@testable import Evaluation

/// The bundled model through transformers and through us: trained weights, sharp attention.
@Suite(.serialized)
struct `Parity on the bundled model` {
  @Test
  func `every test question gets transformers' answer`() async throws {
    let golden = try JSONValue(
      parsing: [UInt8](try Data(contentsOf: Fixtures.url("golden/bundled/answers.json"))))
    let expected = try #require(golden["answers"])
    let answered = try await BundledModel.shared.answers("none", keep: "all", images: .max)
    #expect(answered.count == 3200)
    let different = answered.filter { $0.answer.text != expected[$0.question.identifier.description]?.string }
    #expect(different.isEmpty, "questions \(different.prefix(5).map(\.question.identifier.description))")
  }

  /// Crops and newline rows; 2×2 patches a token, windows and positions of three numbers.
  @Test(arguments: [("next", 720), ("qwen", 144)])
  func `the other bundled models give transformers' answers`(model: String, visualTokens: Int) async throws {
    let golden = try JSONValue(
      parsing: [UInt8](try Data(contentsOf: Fixtures.url("golden/bundled/answers-\(model).json"))))
    let expected = try #require(golden["answers"])
    let answered = try await BundledModel.shared.answers("none", keep: "all", images: 12, name: "shapes-\(model)")
    #expect(answered.count == 96 && answered[0].answer.visualTokens == visualTokens)
    let different = answered.filter { $0.answer.text != expected[$0.question.identifier.description]?.string }
    #expect(different.isEmpty, "questions \(different.prefix(5).map(\.question.identifier.description))")
  }

  @Test
  func `accuracy is what the model is shipped with: 90 % overall at least, 75 % in every category`() async throws {
    let answered = try await BundledModel.shared.answers("none", keep: "all", images: .max)
    var tally = EvaluationTally()
    for answer in answered {
      tally.add(
        category: answer.question.category, grade: answer.grade,
        kept: (answer.answer.keptTokens, answer.answer.visualTokens))
    }
    let report = EvaluationReport(tally, strategy: "none", metric: .exact)
    #expect(report.accuracy >= 0.9)
    for (name, category) in report.categories { #expect(category.accuracy >= 0.75, "\(name)") }
  }
}
