import ArgumentParser
import Evaluation
import Foundation
import VLM

struct EvalCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "eval",
    abstract: "Measure accuracy on a question file.",
    discussion: """
      Example:
        vlmprune eval --questions fixtures/questions/scenes/questions.jsonl \\
          --images fixtures/questions/scenes --strategy hiprune --keep 25% --limit 16
      """)

  @Option(name: .long, help: ArgumentHelp("Questions: JSONL, one object a line.", valueName: "file"))
  var questions: String

  @Option(name: .long, help: ArgumentHelp("Folder that the questions' image paths are relative to.", valueName: "dir"))
  var images: String

  @OptionGroup var options: RunOptions

  @Option(name: .long, help: "How answers are judged: exact.")
  var metric: String = "exact"

  @Option(name: .long, help: ArgumentHelp("Write the answers (JSONL).", valueName: "file"))
  var answers: String?

  @Option(name: .long, parsing: .unconditional, help: "Answer only the first N questions.")
  var limit: Int?

  @Option(name: .long, parsing: .unconditional, help: "Most tokens of an answer.")
  var maxNewTokens: Int = 128

  @Flag(name: .long, help: "Encode and prefill every question anew.")
  var noReuse = false

  func validate() throws {
    if let limit, limit < 1 { throw ValidationError("--limit is \(limit), expected at least 1") }
    if maxNewTokens < 1 { throw ValidationError("--max-new-tokens is \(maxNewTokens), expected at least 1") }
  }

  func run() throws {
    let setting = try options.pruningSetting()
    let grid = try options.cropGrid()
    if let answers { try OutputFile.check(answers, option: "--answers", inputs: [questions]) }
    let metric = try Metric(named: metric)
    let all = try QuestionInput.read(questions).questions
    let asked = Array(all.prefix(limit ?? all.count))
    let model = try options.loadModel()
    try options.check(setting, on: model)
    let run = EvaluationRun(
      model: model, setting: setting, metric: metric, options: GenerationOptions(maxNewTokens: maxNewTokens),
      limits: options.limits, reuses: !noReuse, grid: grid)
    var progress = ProgressBar(total: asked.count, isQuiet: options.json && !options.verbose)
    var right = 0
    let answered = try run.answer(asked, images: images) { result in
      right += result.isRight ? 1 : 0
      progress.advance(note: "\(right) right")
    }
    progress.finish()
    if let answers {
      let lines = try answered.map { try AnswerLine($0, model: model.name).data() }
      try OutputFile.write([UInt8](lines.joined()), to: answers)
    }
    let report = EvaluationReport(answered, metric: metric, peakBytes: ProcessMemory.peakBytes)
    if options.json {
      let envelope = try options.envelope(
        "eval", model: model, strategy: report.strategy, visualTokens: report.visualTokens, kept: report.kept)
      try StandardOutput.write(json: report, envelope: envelope)
    } else {
      try StandardOutput.write(Self.table(report))
    }
  }

  private static func table(_ report: EvaluationReport) -> String {
    func percent(_ share: Double) -> String { String(format: "%.1f", share * 100) }
    func row(_ name: String, _ accuracy: Double, _ interval: [Double], _ count: Int) -> [String] {
      [name, percent(accuracy), "\(percent(interval[0]))–\(percent(interval[1]))", "\(count)"]
    }
    let categories = report.categories.sorted { $0.key < $1.key }
    let kept = String(format: "%.0f", report.kept)
    return "\(report.strategy): kept \(kept) of \(report.visualTokens) visual tokens (\(percent(report.keepRatio))%)\n"
      + TextTable.render(
        [["category", "accuracy %", "95% interval", "n"]]
          + categories.map { row($0.key, $0.value.accuracy, $0.value.interval, $0.value.n) }
          + [row("overall", report.accuracy, report.interval, report.n)])
  }
}
