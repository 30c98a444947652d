import Testing

@testable import Evaluation

/// What pruning costs the bundled model on a fixed part of its test scenes: the first 60 pictures. Objects there are
/// one to three patches wide, so the choice of tokens matters.
@Suite(.serialized)
struct `Retention on the bundled model` {
  private static let images = 60
  private static let budgets = ["all", "50%", "25%", "11%", "5%"]

  private func right(_ strategy: String, _ keep: String) async throws -> [Bool] {
    try await BundledModel.shared.answers(strategy, keep: keep, images: Self.images).map(\.isRight)
  }

  private func accuracy(_ right: [Bool]) -> Double { Double(right.count { $0 }) / Double(right.count) }

  @Test
  func `keeping everything gives the dense answers, one by one`() async throws {
    let dense = try await BundledModel.shared.answers("none", keep: "all", images: Self.images)
    let kept = try await BundledModel.shared.answers("hiprune", keep: "576", images: Self.images)
    #expect(dense.map(\.answer.text) == kept.map(\.answer.text))
    #expect(dense.count >= 400)
  }

  /// On this model `vtc-cls` starts at the feature layer and is `fastervlm`; the others read other maps.
  @Test(arguments: [
    "fastervlm", "hiprune", "fopru",
  ])
  func `attention keeps 95 % of the dense accuracy at a quarter of the tokens`(strategy: String) async throws {
    let dense = accuracy(try await right("none", "all"))
    let pruned = accuracy(try await right(strategy, "25%"))
    #expect(dense > 0.9)
    #expect(pruned >= 0.95 * dense, "\(strategy): \(pruned) of \(dense)")
  }

  @Test(arguments: ["fastervlm", "hiprune", "fopru"])
  func `attention beats random at 11 % beyond chance`(strategy: String) async throws {
    let comparison = PairedComparison(try await right(strategy, "11%"), try await right("random", "11%"))
    #expect(comparison.difference > 0.05)
    #expect(comparison.pValue < 0.001)
  }

  /// Where most crops are nearly empty, shares that follow the thumbnail are worth more than equal ones of a blind
  /// raster.
  @Test
  func `at a tenth of 720 tokens GlobalCom² keeps 95 % of the dense accuracy and beats an even raster beyond chance`()
    async throws
  {
    func right(_ strategy: String, _ keep: String) async throws -> [Bool] {
      try await BundledModel.shared.answers(strategy, keep: keep, images: Self.images, name: "shapes-next").map(
        \.isRight)
    }
    let dense = accuracy(try await right("none", "all"))
    let adaptive = try await right("globalcom2", "10%")
    #expect(dense > 0.85 && accuracy(adaptive) >= 0.95 * dense)
    let comparison = PairedComparison(adaptive, try await right("uniform", "10%"))
    #expect(comparison.difference > 0.05 && comparison.pValue < 0.001)
  }

  /// What patches pay each other is enough where no class token says what matters.
  @Test(arguments: ["hiprune", "fopru"])
  func `without a class token attention keeps 95 % at 11 % of 144 tokens and beats random beyond chance`(
    strategy: String
  ) async throws {
    func right(_ strategy: String, _ keep: String) async throws -> [Bool] {
      try await BundledModel.shared.answers(strategy, keep: keep, images: 30, name: "shapes-qwen").map(\.isRight)
    }
    let dense = accuracy(try await right("none", "all"))
    let pruned = try await right(strategy, "11%")
    #expect(dense > 0.9 && accuracy(pruned) >= 0.95 * dense)
    let comparison = PairedComparison(pruned, try await right("random", "11%"))
    #expect(comparison.difference > 0.3 && comparison.pValue < 0.001)
  }

  /// A smaller budget may win by luck; it must not win significantly.
  @Test(arguments: ["fastervlm", "hiprune", "random"])
  func `accuracy does not rise as the budget falls`(strategy: String) async throws {
    for (larger, smaller) in zip(Self.budgets, Self.budgets.dropFirst()) {
      let more = try await right(larger == "all" ? "none" : strategy, larger)
      let fewer = try await right(strategy, smaller)
      let comparison = PairedComparison(fewer, more)
      #expect(
        comparison.difference <= 0 || comparison.pValue > 0.01, "\(strategy): \(smaller) against \(larger)")
    }
  }
}
