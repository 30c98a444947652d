import Testing

@testable import Pruning

@Suite struct `Goldens of an independent NumPy implementation` {
  static let cases = GoldenCase.all(in: "cases.json")

  @Test func `every case is read`() { #expect(Self.cases.count == 73) }

  @Test(arguments: cases) func `a strategy keeps and sends what the reference does`(_ golden: GoldenCase) throws {
    let source = try TensorImage(path: GoldenCase.path(golden.image + ".safetensors"))
    let strategy = try StrategyCatalogue.standard.make(parsing: golden.strategy)
    let budget = try Budget(parsing: golden.keep)
    let evidence = try StrategyRunner.evidence(
      for: strategy, of: source.picture, keeping: budget)
    let image = try source.image(for: evidence)
    let plan = try StrategyRunner.plan(
      strategy, for: image.encoded, question: image.question, keeping: budget, seed: 0)

    let report = SelectionReport(
      of: plan, strategy: try strategy.resolved(on: source.tower))
    #expect(report.views.map(\.kept) == golden.kept)
    #expect(report.sequence == golden.sequence)
    if let members = golden.members {
      for view in plan.views {
        let sources = (0..<view.rows).map { Array(view.sources[view.rowStarts[$0]..<view.rowStarts[$0 + 1]]) }
        #expect(sources == members)
      }
    }
  }
}
