import Basics
import Foundation
import Testing

@testable import Evaluation

/// Rows of settings given as texts of 0 and 1, a digit a question; "h" is one half.
private func rows(_ settings: [(String, String, String)], perImage: Int = 1) -> [RunRow] {
  settings.flatMap { strategy, keep, grades in
    grades.enumerated().map { question, grade in
      RunRow(
        question: .number(question), image: "\(question / perImage)", category: question % 2 == 0 ? "even" : "odd",
        strategy: strategy, keep: keep, correct: grade == "h" ? 0.5 : grade == "1" ? 1 : 0)
    }
  }
}

private func json(_ report: StatisticsReport) throws -> Data {
  let encoder = JSONEncoder()
  encoder.outputFormatting = .sortedKeys
  return try encoder.encode(report)
}

@Suite
struct `Rows of a run, compared` {
  private let standard = rows([
    ("fopru", "50%", "1110111101"), ("fopru", "all", "1111111101"), ("none", "all", "1111101101"),
    ("random", "50%", "1010101001"), ("uniform", "9", "1010111001"),
  ])

  @Test
  func `the order of rows does not matter to a byte`() throws {
    var shuffled = standard
    var random = SeededGenerator(seed: 3, digest: 0)
    shuffled.shuffle(using: &random)
    let options = StatisticsOptions(seed: 5, replicates: 200)
    let (one, other) = (
      try StatisticsReport(standard, options: options, file: "a"),
      try StatisticsReport(shuffled, options: options, file: "a")
    )
    #expect(try json(one) == json(other))
    #expect(one.csv() == other.csv())
    let reseeded = try StatisticsReport(standard, options: StatisticsOptions(seed: 6, replicates: 200), file: "a")
    #expect(try json(one) != json(reseeded))
  }

  @Test
  func `settings stand in one order: none, then strategies, each with its largest budget first`() throws {
    let report = try StatisticsReport(standard, options: StatisticsOptions(replicates: 10), file: "a")
    #expect(
      report.rows.map { "\($0.strategy) \($0.keep)" } == [
        "none all", "fopru all", "fopru 50%", "random 50%", "uniform 9",
      ])
  }

  @Test
  func `a category's figures are those of its rows alone`() throws {
    let options = StatisticsOptions(replicates: 300)
    let whole = try StatisticsReport(standard, options: options, file: "a")
    let part = try StatisticsReport(standard.filter { $0.category == "odd" }, options: options, file: "a")
    for (row, alone) in zip(whole.rows, part.rows) {
      let figures = try #require(row.categories.first { $0.name == "odd" }?.figures)
      #expect(figures.n == 5 && alone.overall.n == 5)
      #expect(figures.retained == alone.overall.retained)
      #expect(figures.retainedInterval == alone.overall.retainedInterval)
      #expect(figures.pNone == alone.overall.pNone)
    }
  }

  @Test
  func `none against itself is 1, and nothing is compared with what is not there`() throws {
    let report = try StatisticsReport(standard, options: StatisticsOptions(replicates: 100), file: "a")
    let none = report.rows[0].overall
    #expect(none.retained == 1 && none.retainedInterval == 1...1 && none.lower == 1)
    #expect(none.pRandom == nil && none.pNoneHolm == nil)
    #expect(report.rows[2].overall.pRandom != nil)
    #expect(report.rows[3].overall.pRandom == nil)
    #expect(report.rows[4].overall.pRandom == nil, "there is no random at 9")
  }

  @Test
  func `without a right dense answer no share is retained`() throws {
    let report = try StatisticsReport(
      rows([("none", "all", "000"), ("random", "5", "010")]), options: StatisticsOptions(replicates: 10), file: "a")
    for row in report.rows {
      #expect(row.overall.retained == nil && row.overall.retainedInterval == nil && row.overall.lower == nil)
    }
    #expect(try String(decoding: json(report), as: UTF8.self).contains(#""retained":null,"retained_interval":null"#))
  }

  @Test
  func `grades between 0 and 1 have a mean and no McNemar test`() throws {
    let report = try StatisticsReport(
      rows([("none", "all", "11h1"), ("random", "5", "01h0"), ("fopru", "5", "0110"), ("fopru", "2", "0110")]),
      options: StatisticsOptions(replicates: 10), file: "a")
    #expect(report.rows[0].overall.accuracy == 0.875)
    #expect(report.rows.allSatisfy { $0.overall.pNone == nil && $0.overall.pRandom == nil })
  }

  @Test
  func `a question that failed is wrong`() throws {
    let report = try StatisticsReport(
      rows([("none", "all", "11")]) + [
        RunRow(question: .number(0), strategy: "random", keep: "5", correct: nil, error: "too long"),
        RunRow(question: .number(1), strategy: "random", keep: "5", correct: 1),
      ], options: StatisticsOptions(replicates: 10), file: "a")
    #expect(report.rows[1].overall.accuracy == 0.5)
    #expect(report.rows.map(\.overall.failed) == [0, 1])
    #expect(report.noteLines[0].contains("random at 5 1 of 2"))
    #expect(report.markdown().contains("random at 5 1 of 2"))
    #expect(String(decoding: try json(report), as: UTF8.self).contains(#""failed":1"#))
  }

  @Test
  func `a question that fails under every setting is retained, which a note explains`() throws {
    let failed = ["none", "random"].map {
      RunRow(question: .number(2), strategy: $0, keep: $0 == "none" ? "all" : "5", correct: nil, error: "damaged")
    }
    let report = try StatisticsReport(
      rows([("none", "all", "11"), ("random", "5", "11")]) + failed, options: StatisticsOptions(replicates: 10),
      file: "a")
    #expect(report.rows.map(\.overall.failed) == [1, 1] && report.rows[1].overall.retained == 1)
    #expect(report.rows.allSatisfy { abs($0.overall.accuracy - 2.0 / 3) < 1e-12 })
    #expect(report.noteLines[0].contains("none at all 1 of 3, random at 5 1 of 3"))
  }

  @Test
  func `an interval without width says that it says nothing`() throws {
    let same = try StatisticsReport(
      rows([("none", "all", "1101"), ("random", "5", "1101")]), options: StatisticsOptions(replicates: 20), file: "a")
    #expect(same.noteLines.count == 1 && same.noteLines[0].contains("random at 5. No question changed"))
    // One image with all questions: every draw is the same one.
    let single = try StatisticsReport(
      rows([("none", "all", "1101"), ("random", "5", "1100")], perImage: 4),
      options: StatisticsOptions(replicates: 20, cluster: .image), file: "a")
    #expect(single.noteLines.count == 1 && single.noteLines[0].contains("No draw differs"))
  }

  @Test
  func `why no budget holds is said`() throws {
    let report = try StatisticsReport(
      rows([("none", "all", "1111"), ("random", "5", "0000")]),
      options: StatisticsOptions(replicates: 20, atLeast: 0.9), file: "a")
    #expect(report.noteLines.contains { $0.contains("every larger one keep at least 90.0%") })
    #expect(report.noteLines.last == "None holds for random: the bound at its largest budget, 5, is 0.0%.")
  }

  @Test
  func `drawing images with all their questions widens the interval where questions of one image agree`() throws {
    // Ten questions an image, all right or all wrong.
    let grades = ["1", "0", "1", "1", "0", "1", "1", "1", "0", "1"].map { String(repeating: $0, count: 10) }.joined()
    let clustered = rows([("none", "all", String(repeating: "1", count: 100)), ("fopru", "5", grades)], perImage: 10)
    func width(_ cluster: StatisticsOptions.Cluster) throws -> Double {
      let report = try StatisticsReport(
        clustered, options: StatisticsOptions(replicates: 4000, cluster: cluster), file: "a")
      let interval = try #require(report.rows[1].overall.retainedInterval)
      return interval.upperBound - interval.lowerBound
    }
    // The variance of a mean of ten equal questions is ten times as large.
    let ratio = try width(.image) / width(.question)
    #expect(abs(ratio - 10.0.squareRoot()) < 0.4)
  }

  @Test
  func `the smallest budget is the last that held before the first that did not`() throws {
    let all = String(repeating: "1", count: 60)
    let half = String(repeating: "10", count: 30)
    let settings = rows([
      ("none", "all", all), ("fopru", "50%", all), ("fopru", "30", half), ("fopru", "11%", all),
      ("random", "25%", half),
    ])
    let sized = settings.map {
      RunRow(question: $0.question, strategy: $0.strategy, keep: $0.keep, visualTokens: 100, correct: $0.correct)
    }
    let options = StatisticsOptions(replicates: 500, atLeast: 0.98)
    let smallest = try #require(try StatisticsReport(sized, options: options, file: "a").smallest)
    #expect(Set(smallest.keys) == ["fopru", "random"])
    #expect(smallest["fopru"]?.keep == "50%", "11 % held, but below a budget that did not")
    #expect(smallest["random"]?.keep == nil && smallest["random"]?.lower == nil)
    // Without the visual tokens nobody knows how much 30 is.
    let error = #expect(throws: EvaluationError.self) {
      try StatisticsReport(settings, options: options, file: "a")
    }
    #expect(error?.message.contains("fopru") == true && error?.message.contains("30") == true)
  }
}

@Suite
struct `Rows that cannot be compared` {
  private func message(_ rows: [RunRow], _ options: StatisticsOptions = StatisticsOptions(replicates: 5)) -> String {
    let error = #expect(throws: EvaluationError.self) { try StatisticsReport(rows, options: options, file: "r.jsonl") }
    return error?.message ?? ""
  }

  @Test
  func `a question that a setting lacks, or has twice, is named`() {
    let complete = rows([("none", "all", "10"), ("random", "5", "11")])
    let missing = message(Array(complete.dropLast()))
    #expect(missing.contains("random at 5") && missing.contains("question 1"))
    let twice = message(complete + [complete[3]])
    #expect(twice.contains("line 5") && twice.contains("random at 5") && twice.contains("question 1"))
  }

  @Test
  func `rows without dense answers, and no rows, are refused`() {
    #expect(message(rows([("random", "5", "11")])).contains("none"))
    #expect(message([]).contains("holds no row"))
  }

  @Test
  func `1 and "1" are two questions`() throws {
    let two = [Question.Identifier.number(1), .name("1")].map {
      RunRow(question: $0, strategy: "none", keep: "all", correct: 1)
    }
    #expect(try StatisticsReport(two, options: StatisticsOptions(replicates: 5), file: "a").n == 2)
  }

  @Test
  func `a question of two categories or images is named, one without an image cannot be drawn by it`() {
    let one = RunRow(question: .name("q"), image: "a", category: "x", strategy: "none", keep: "all", correct: 1)
    let category = RunRow(question: .name("q"), category: "y", strategy: "random", keep: "5", correct: 1)
    let image = RunRow(question: .name("q"), image: "b", strategy: "random", keep: "5", correct: 1)
    #expect(message([one, category]).contains("line 2: question \"q\" had another category"))
    #expect(message([one, image]).contains("line 2: question \"q\" had another image"))
    let bare = RunRow(question: .number(7), strategy: "none", keep: "all", correct: 1)
    #expect(message([bare], StatisticsOptions(replicates: 5, cluster: .image)).contains("question 7 has no image"))
  }
}
