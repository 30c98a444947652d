import ArgumentParser
import Evaluation
import Foundation
import Pruning
import VLM

struct SweepCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sweep",
    abstract: "Measure accuracy of strategies × budgets on a question file.",
    discussion: """
      Every image is encoded once for all of them.

      Example:
        vlmprune sweep --questions fixtures/questions/scenes/questions.jsonl \\
          --images fixtures/questions/scenes --strategies fastervlm,random \\
          --keep 25%,11% --limit 16
      """)

  @Option(name: .long, help: ArgumentHelp("Questions: JSONL, one object a line.", valueName: "file"))
  var questions: String

  @Option(name: .long, help: ArgumentHelp("Folder that the questions' image paths are relative to.", valueName: "dir"))
  var images: String

  @Option(name: .long, help: ArgumentHelp("Strategy specs, separated by commas.", valueName: "list"))
  var strategies: String

  @OptionGroup var options: RunOptions

  @Option(name: .long, help: "How answers are judged: exact.")
  var metric: String = "exact"

  @Option(name: .long, parsing: .unconditional, help: "Answer only the first N questions.")
  var limit: Int?

  @Option(name: .long, parsing: .unconditional, help: "Most tokens of an answer.")
  var maxNewTokens: Int = 128

  func validate() throws {
    if let limit, limit < 1 { throw ValidationError("--limit is \(limit), expected at least 1") }
    if maxNewTokens < 1 { throw ValidationError("--max-new-tokens is \(maxNewTokens), expected at least 1") }
    if options.selection.strategy != nil {
      throw ValidationError("sweep takes --strategies, a list, instead of --strategy")
    }
  }

  private struct Row: Encodable {
    let strategy: String
    let keep: String
    let kept: Double
    let keepRatio: Double
    let accuracy: Double
    let interval: [Double]
    /// Share of the dense accuracy.
    let retained: Double
    /// McNemar's exact test against the dense answers.
    let pValue: Double
    let n: Int
  }

  private struct Report: Encodable {
    let model, precision, metric: String
    let visualTokens: Int
    let rows: [Row]
  }

  func run() throws {
    let metric = try Metric(named: metric)
    let settings = try self.settings()
    let all = try QuestionInput.read(questions).questions
    let asked = Array(all.prefix(limit ?? all.count))
    let model = try options.loadModel()
    let grid = try options.cropGrid()
    try options.check(settings, on: model)
    let run = EvaluationRun(
      model: model, setting: settings[0], metric: metric, options: GenerationOptions(maxNewTokens: maxNewTokens),
      limits: options.limits, grid: grid)
    var progress = ProgressBar(total: asked.count * settings.count, isQuiet: options.json && !options.verbose)
    let sweep = try run.sweep(asked, images: images, settings: settings) { _ in progress.advance(note: "") }
    progress.finish()
    let report = Report(
      model: model.name, precision: model.compute.precision, metric: metric.rawValue,
      visualTokens: sweep.rows[0].answers[0].answer.visualTokens, rows: sweep.rows.map { Self.row($0, sweep.rows[0]) })
    if options.json {
      let envelope = try options.envelope("sweep", model: model, visualTokens: report.visualTokens)
      try StandardOutput.write(json: report, envelope: envelope, keys: .convertToSnakeCase)
    } else {
      try StandardOutput.write(Self.table(report))
    }
  }

  /// The dense setting, then every strategy with every budget below everything.
  private func settings() throws -> [PruningSetting] {
    let base = try options.pruningSetting(budget: .all)
    let budgets = try Self.parts(options.selection.keep).map { try Budget(parsing: $0) }.filter { $0 != .all }
    let strategies = try Self.parts(strategies).map { try StrategyCatalogue.standard.make(parsing: $0) }
    var settings = [base]
    for strategy in strategies where type(of: strategy).prunes {
      for budget in budgets {
        var setting = base
        setting.strategy = strategy
        setting.budget = budget
        settings.append(setting)
      }
    }
    return settings
  }

  /// The parts of a list; commas inside parentheses belong to a part.
  static func parts(_ list: String) -> [String] {
    var parts = [""]
    var depth = 0
    for character in list {
      depth += character == "(" ? 1 : character == ")" ? -1 : 0
      if character == ",", depth == 0 {
        parts.append("")
      } else {
        parts[parts.count - 1].append(character)
      }
    }
    return parts.map { $0.trimmingCharacters(in: .whitespaces) }
  }

  private static func row(_ row: Sweep.Row, _ dense: Sweep.Row) -> Row {
    let (accuracy, visual) = (row.accuracy, row.answers[0].answer.visualTokens)
    return Row(
      strategy: row.answers[0].answer.strategy.description, keep: row.setting.budget.description, kept: row.kept,
      keepRatio: row.kept / Double(max(visual, 1)), accuracy: accuracy.value,
      interval: [accuracy.interval.lowerBound, accuracy.interval.upperBound],
      retained: dense.accuracy.value > 0 ? accuracy.value / dense.accuracy.value : 0,
      pValue: row.compared(with: dense).pValue, n: accuracy.count)
  }

  private static func table(_ report: Report) -> String {
    func percent(_ share: Double) -> String { String(format: "%.1f", share * 100) }
    return TextTable.render(
      [["strategy", "keep", "kept", "accuracy %", "95% interval", "retained %", "p against dense", "n"]]
        + report.rows.map { row in
          [
            row.strategy, row.keep, String(format: "%.0f", row.kept), percent(row.accuracy),
            "\(percent(row.interval[0]))–\(percent(row.interval[1]))", percent(row.retained),
            String(format: "%.3g", row.pValue), "\(row.n)",
          ]
        })
  }
}
