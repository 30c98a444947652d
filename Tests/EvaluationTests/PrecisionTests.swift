import Testing
import VLM

@testable import Evaluation

/// What bfloat16 and int8 cost the bundled model on a fixed part of its test scenes: the first 60 pictures.
@Suite(.serialized)
struct `Precision on the bundled model` {
  /// The whole test set keeps 99.5 % ; of 480 questions, five may fall the other way by chance.
  @Test(arguments: [Precision.bf16, .int8])
  func `narrow formats keep the accuracy, dense and pruned`(precision: Precision) async throws {
    for (strategy, keep) in [("none", "all"), ("fastervlm", "25%")] {
      let exact = try await BundledModel.shared.answers(strategy, keep: keep, images: 60)
      let narrow = try await BundledModel.shared.answers(strategy, keep: keep, images: 60, precision: precision)
      let right = (exact.count { $0.isRight }, narrow.count { $0.isRight })
      #expect(Double(right.1) >= Double(right.0) * 0.985, "\(precision), \(strategy): \(right.1) of \(right.0)")
      let equal = zip(exact, narrow).count { $0.answer.text == $1.answer.text }
      #expect(Double(equal) >= 0.95 * Double(exact.count), "\(precision), \(strategy): \(equal) answers are equal")
    }
  }
}
