import ArgumentParser
import Evaluation

struct StatisticsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "statistics",
    abstract: "Figures of a sweep's rows, or of anybody's, with intervals and tests.",
    discussion: """
      Accuracy with Wilson's interval, its share of the dense accuracy with an interval by paired bootstrap, McNemar's
      exact test against none and against random, raw and with Holm's correction. Questions that failed count as wrong.

      --at-least finds the smallest budget such that it and every larger one of the strategy keep the share, by the
      one-sided 95 % bound: budgets are tried from the largest down, up to the first that fails.

      Example:
        vlmprune statistics fixtures/evaluation/statistics-rows.jsonl --at-least 95%
      """)

  @Argument(
    help: ArgumentHelp("Rows: JSONL with question_id, strategy, keep, correct; - is stdin.", valueName: "rows"))
  var rows: String

  @Option(name: .long, parsing: .unconditional, help: "Seed of the bootstrap.")
  var seed: UInt64 = 0

  @Option(name: .long, parsing: .unconditional, help: "Resamples of the bootstrap.")
  var replicates: Int = 10_000

  @Option(name: .long, help: "What the bootstrap draws: question or image (with all of its questions).")
  var cluster: StatisticsOptions.Cluster = .question

  @Option(
    name: .long, parsing: .unconditional,
    help: ArgumentHelp(
      "Find each strategy's smallest budget that keeps this share of the dense accuracy.", valueName: "share"))
  var atLeast: String?

  @Flag(name: .long, help: "Print one JSON object.")
  var json = false

  func validate() throws {
    try Self.check(replicates: replicates)
    if let atLeast, ShareArgument(argument: atLeast) == nil {
      // 95 is neither: nobody means 9500 %.
      let isPercentage = ShareArgument(argument: atLeast + "%") != nil
      let forms = isPercentage ? "write \(atLeast)% or \((Double(atLeast) ?? 0) / 100)" : "expected such as 95% or 0.95"
      throw ValidationError("--at-least is \(atLeast): \(forms)")
    }
  }

  static func check(replicates: Int) throws {
    if replicates < 1 { throw ValidationError("--replicates is \(replicates), expected at least 1") }
    // A replicate costs memory for each setting.
    if replicates > 10_000_000 {
      throw ValidationError("--replicates is \(replicates), expected at most 10000000")
    }
  }

  func run() throws {
    if QuestionInput.isFolder(rows) {
      throw CommandFailure(
        message: "cannot read \(rows): it is a folder",
        hint: "a run's rows are in its rows.jsonl: give \(rows)/rows.jsonl")
    }
    let share = atLeast.flatMap(ShareArgument.init(argument:))?.share
    var builder = GradedRunBuilder(file: rows)
    try RunRow.read(try InputFile.bytes(rows), file: rows) { (row, line) throws(EvaluationError) in
      try builder.add(row, line: line)
    }
    let report = try StatisticsReport(
      try builder.run(),
      options: StatisticsOptions(seed: seed, replicates: replicates, cluster: cluster, atLeast: share),
      file: rows)
    if json {
      try StandardOutput.write(json: report, envelope: Envelope("statistics"))
    } else {
      try StandardOutput.write(report.table())
    }
  }
}

extension StatisticsOptions.Cluster: ExpressibleByArgument {}

/// A share above nothing and up to everything: "98%" or "0.98".
struct ShareArgument {
  let share: Double

  init?(argument: String) {
    let isPercentage = argument.hasSuffix("%")
    let number = isPercentage ? String(argument.dropLast()) : argument
    guard !number.isEmpty, number.utf8.allSatisfy({ Self.digits.contains($0) || $0 == UInt8(ascii: ".") }),
      // "98e-2" and not 98 / 100: 98 % is the same double as 0.98.
      let share = Double(isPercentage ? "\(number)e-2" : number), share > 0, share <= 1
    else { return nil }
    self.share = share
  }

  private static let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
}
