import Checkpoint
import Foundation
import TestSupport
import Testing

@testable import Evaluation

/// The bundled model through transformers and through us: trained weights, sharp attention.
@Suite("Parity on the bundled model", .serialized)
struct BundledParityTests {
  @Test("every test question gets transformers' answer")
  func answers() async throws {
    let golden = try JSONValue(
      parsing: [UInt8](try Data(contentsOf: Fixtures.url("golden/bundled/answers.json"))))
    let expected = try #require(golden["answers"])
    let answered = try await BundledModel.shared.answers("none", keep: "all", images: .max)
    #expect(answered.count >= 2400)
    let different = answered.filter { $0.answer.text != expected[$0.question.identifier.description]?.string }
    #expect(different.isEmpty, "questions \(different.prefix(5).map(\.question.identifier.description))")
  }

  @Test("accuracy is what the model is shipped with: 70 % overall at least, half in every category")
  func accuracy() async throws {
    let answered = try await BundledModel.shared.answers("none", keep: "all", images: .max)
    let report = EvaluationReport(answered, metric: .exact)
    #expect(report.accuracy >= 0.7)
    for (name, category) in report.categories { #expect(category.accuracy >= 0.5, "\(name)") }
  }
}
