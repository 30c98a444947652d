import Foundation
import TestSupport
import Testing

@testable import Evaluation

/// `fixtures/generate/run_statistics.py`: a second implementation, in integers and fractions.
private struct Golden: Decodable {
  struct Bootstrap: Decodable {
    let interval: [Double]
    let lower: Double
  }

  struct Figures: Decodable {
    let strategy, keep: String
    let n: Int
    let accuracy: Double
    let interval: [Double]
    let retained: Double
    let pNone, pNoneHolm, pRandom, pRandomHolm: Double?
    let byQuestion, byImage: Bootstrap?
    let categories: [String: Figures]?
  }

  let n: Int
  let rows: [Figures]
  let mcnemar: [[Double]]
  let wilson: [[Double]]

  static func read() throws -> Golden {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try decoder.decode(
      Golden.self, from: Data(contentsOf: Fixtures.url("evaluation/statistics-golden.json")))
  }
}

private func report(_ options: StatisticsOptions) throws -> StatisticsReport {
  let file = Fixtures.url("evaluation/statistics-rows.jsonl")
  var builder = GradedRunBuilder(file: file.path)
  try RunRow.read([UInt8](Data(contentsOf: file)), file: file.path) { (row, line) throws(EvaluationError) in
    try builder.add(row, line: line)
  }
  return try StatisticsReport(try builder.run(), options: options, file: file.path)
}

private func expectClose(
  _ mine: Double?, _ golden: Double?, within tolerance: Double, sourceLocation: SourceLocation = #_sourceLocation
) {
  guard let mine, let golden else {
    #expect(mine == nil && golden == nil, sourceLocation: sourceLocation)
    return
  }
  #expect(abs(mine - golden) <= tolerance * max(abs(golden), 1e-300), sourceLocation: sourceLocation)
}

@Suite
struct `Figures of a run` {
  /// Sums in another order: a few units in the last place. The logarithm of a factorial has eleven digits.
  private func compare(_ mine: SettingFigures, _ golden: Golden.Figures) {
    #expect(mine.n == golden.n)
    expectClose(mine.accuracy, golden.accuracy, within: 1e-14)
    expectClose(mine.interval.lowerBound, golden.interval[0], within: 1e-13)
    expectClose(mine.interval.upperBound, golden.interval[1], within: 1e-13)
    expectClose(mine.retained, golden.retained, within: 1e-14)
    expectClose(mine.pNone, golden.pNone, within: 1e-10)
    expectClose(mine.pRandom, golden.pRandom, within: 1e-10)
    expectClose(mine.pRandomHolm, golden.pRandomHolm, within: 1e-10)
    expectClose(mine.pNoneHolm, golden.pNoneHolm, within: 1e-10)
  }

  @Test
  func `shares, Wilson's intervals and tests are the second implementation's, overall and by category`() throws {
    let golden = try Golden.read()
    let report = try report(StatisticsOptions(replicates: 1))
    #expect(report.n == golden.n && report.rows.count == golden.rows.count)
    for expected in golden.rows {
      let row = try #require(report.rows.first { $0.strategy == expected.strategy && $0.keep == expected.keep })
      compare(row.overall, expected)
      let categories = try #require(expected.categories)
      #expect(row.categories.map(\.name) == categories.keys.sorted())
      for category in row.categories { compare(category.figures, try #require(categories[category.name])) }
    }
  }

  /// Two bootstraps with different generators: points move by a few hundredths of an interval's width.
  @Test(arguments: StatisticsOptions.Cluster.allCases)
  func `bootstrap intervals are the second implementation's within what chance does`(
    cluster: StatisticsOptions.Cluster
  ) throws {
    let report = try report(StatisticsOptions(replicates: 20_000, cluster: cluster))
    for expected in try Golden.read().rows {
      let row = try #require(report.rows.first { $0.strategy == expected.strategy && $0.keep == expected.keep })
      let golden = try #require(cluster == .question ? expected.byQuestion : expected.byImage)
      let (mine, lower) = (try #require(row.overall.retainedInterval), try #require(row.overall.lower))
      let tolerance = 0.04 * (golden.interval[1] - golden.interval[0])
      #expect(abs(mine.lowerBound - golden.interval[0]) <= tolerance)
      #expect(abs(mine.upperBound - golden.interval[1]) <= tolerance)
      #expect(abs(lower - golden.lower) <= tolerance)
    }
  }

  @Test
  func `McNemar's test holds from no question to thousands`() throws {
    for values in try Golden.read().mcnemar {
      let comparison = PairedComparison(
        onlyFirst: Int(values[0]), onlySecond: Int(values[1]), count: Int(values[0] + values[1]))
      expectClose(comparison.pValue, values[2], within: 1e-9)
    }
  }

  @Test
  func `Wilson's interval holds at both ends`() throws {
    for values in try Golden.read().wilson {
      let interval = Proportion(right: Int(values[0]), of: Int(values[1])).interval
      #expect(abs(interval.lowerBound - values[2]) < 1e-14)
      #expect(abs(interval.upperBound - values[3]) < 1e-14)
    }
  }

  /// R's `p.adjust(…, "holm")`, worked out by hand; tests that do not exist do not count.
  @Test
  func `Holm's correction steps down and never falls`() {
    let adjusted = HolmCorrection.adjusted([0.01, 0.04, nil, 0.03, 0.005])
    let expected: [Double?] = [0.03, 0.06, nil, 0.06, 0.02]
    for (mine, golden) in zip(adjusted, expected) { expectClose(mine, golden, within: 1e-14) }
    #expect(HolmCorrection.adjusted([0.5, 0.6]) == [1, 1])
    #expect(HolmCorrection.adjusted([]).isEmpty)
  }
}
