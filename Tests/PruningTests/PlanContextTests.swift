import Basics
import Kernels
import TestSupport
import Testing

@testable import Pruning

@Suite struct `The context of a decision offers similarities` {
  /// Inner products of unit rows and cosines differ from those in double by what Float32 rounds.
  private static let tolerance: Float = 2e-6

  private static func product(_ first: Matrix, _ row: Int, _ second: Matrix, _ other: Int) -> Double {
    (0..<first.columns).reduce(0.0) { $0 + Double(first[row, $1]) * Double(second[other, $1]) }
  }

  private static func cosines(_ first: Matrix, _ second: Matrix) -> [Float] {
    (0..<first.rows).flatMap { row in
      (0..<second.rows).map { other in
        let lengths = product(first, row, first, row).squareRoot() * product(second, other, second, other).squareRoot()
        return Float(product(first, row, second, other) / lengths)
      }
    }
  }

  /// As a user of the library would write one: keeps the tokens that are least like the first.
  private struct LeastAlike: ViewStrategy {
    static let name = "leastalike"
    static let summary = "tokens least like the first"

    init() {}
    init(options: inout StrategyOptions) throws(PruningError) {}

    func evidence(on tower: TowerDescription) throws(PruningError) -> Evidence { [.features] }

    func resolved(on tower: TowerDescription) -> StrategySpec { StrategySpec(name: Self.name, options: [:]) }

    func decide(
      _ view: ViewInput, keeping share: Int, in context: inout PlanContext
    ) throws(PruningError) -> ViewDecision {
      let similar = context.cosines(try view.features())
      let scores = similar.row(0).map { -Double($0) }
      return ViewDecision(keeping: Ranking.top(share, of: scores), scores: scores)
    }
  }

  @Test(arguments: [1, 2])
  func `that equal a loop in double`(_ threads: Int) {
    let context = PlanContext(random: SeededGenerator(seed: 1, digest: 2), workers: Workers(count: threads))
    let first = Samples.matrix(140, 96, seed: 3)
    let second = Samples.matrix(33, 96, seed: 4)
    expectClose(
      actual: context.cosines(first, second).values, expected: Self.cosines(first, second), tolerance: Self.tolerance,
      label: "cosines")
    expectClose(
      actual: context.cosines(first).values, expected: Self.cosines(first, first), tolerance: Self.tolerance,
      label: "own cosines")
    let products = (0..<140).flatMap { row in (0..<33).map { Float(Self.product(first, row, second, $0)) } }
    expectClose(
      actual: context.products(first, second).values, expected: products, tolerance: 1e-4, label: "products")
  }

  @Test func `that a strategy reaches, and decides by`() throws {
    let rows = Samples.matrix(24, 40, seed: 5)
    let image = Samples.image { evidence, _ in evidence[.features] = .matrix(rows) }
    let plan = try StrategyRunner.plan(
      LeastAlike(), for: image.encoded, keeping: .count(6), seed: 0, workers: Workers(count: 2))
    let cosines = Self.cosines(rows, rows).prefix(24)
    let expected = cosines.indices.sorted { (cosines[$0], $0) < (cosines[$1], $1) }.prefix(6).sorted()
    #expect(plan.views[0].anchors == expected)
  }
}
