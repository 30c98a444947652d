import ArgumentParser
import Evaluation
import Foundation
import VLM

struct EvalCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "eval",
    abstract: "Measure accuracy on a question file.",
    discussion: """
      With --answers every answer is written as it is there; the same command goes on where it was stopped. Questions
      that failed have a line with their error; they are not tried again unless --retry-failed says so.

      Example:
        vlmprune eval --questions fixtures/questions/scenes/questions.jsonl \\
          --images fixtures/questions/scenes --strategy hiprune --keep 25% --limit 16
      """)

  @OptionGroup var file: QuestionFileOptions
  @OptionGroup var options: RunOptions

  @Option(name: .long, help: ArgumentHelp("Append the answers (JSONL), and go on with them.", valueName: "file"))
  var answers: String?

  @Flag(name: .long, help: "Try questions again that failed before; needs --answers.")
  var retryFailed = false

  @Flag(name: .long, help: "Encode and prefill every question anew.")
  var noReuse = false

  func validate() throws {
    if retryFailed, answers == nil { throw ValidationError("--retry-failed needs --answers: nothing else was kept") }
    if file.predict, answers == nil {
      throw ValidationError("--predict needs --answers: there is nothing else to give")
    }
  }

  func run() throws {
    let setting = try options.pruningSetting()
    let loader = try options.pictureLoader()
    if let answers { try OutputFile.check(answers, option: "--answers", inputs: [file.questions]) }
    let metric = try Metric(named: file.metric)
    let asked = try file.read()
    let model = try options.loadModel()
    try options.check(setting, on: model)
    let run = EvaluationRun(
      model: model, settings: [setting], metric: metric, options: file.generation, system: file.system,
      reuses: !noReuse, loadPicture: loader)
    let spec = try model.spec(of: setting).description
    var tally = EvaluationTally()
    let output = try answers.map { path in
      let name = RunManifest.Setting(strategy: spec, keep: setting.budget.description)
      let manifest = try file.manifest(
        of: model, settings: [name], options: options, digest: asked.digest, count: asked.questions.count)
      return try AnswerFile(
        path: path, manifest: manifest, questions: asked.questions, retriesFailures: retryFailed
      ) { line, place in
        line.add(to: &tally, category: asked.questions[place].category)
      }
    }
    var progress = ProgressBar(
      total: asked.questions.count, isQuiet: options.json && !options.verbose, done: output?.doneCount ?? 0)
    StopRequest.watch()
    let isWhole = try run.run(
      asked.questions, images: file.images, isDone: { place, _ in output?.has(question: place) ?? false },
      isCancelled: { StopRequest.hasCome }
    ) { result in
      let question = asked.questions[result.question]
      let line = Self.line(result, question, spec: spec, model: model.name)
      try output?.append(line)
      line.add(to: &tally, category: question.category)
      progress.advance(note: "\(Int(tally.overall.sum)) right")
    }
    progress.finish()
    if isWhole { try output?.finish() }
    try report(
      EvaluationReport(
        tally, strategy: spec, metric: metric, partial: !isWhole, peakBytes: ProcessMemory.peakBytes),
      of: model, asked: asked.questions.count)
    if !isWhole { StopRequest.endProcess() }
  }

  private static func line(
    _ result: EvaluationRun.Result, _ question: Question, spec: String, model: String
  ) -> AnswerLine {
    switch result.outcome {
    case .answered(let answer): AnswerLine(answer, model: model)
    case .failed(let error):
      AnswerLine(question, failure: CommandFailure.message(of: error), strategy: spec, model: model)
    }
  }

  private func report(_ report: EvaluationReport, of model: VisionLanguageModel, asked: Int) throws {
    if options.json {
      let envelope = try options.envelope(
        "eval", model: model, strategy: report.strategy, visualTokens: report.visualTokens, kept: report.kept)
      try StandardOutput.write(json: report, envelope: envelope)
    } else {
      try StandardOutput.write(Self.table(report, isGraded: !file.predict))
    }
    if report.failed > 0 {
      StandardError.write("warning: \(report.failed) of \(asked) questions failed and count as wrong\n")
    }
    if report.partial { StandardError.write("stopped early: these are the answers so far\n") }
  }

  private static func table(_ report: EvaluationReport, isGraded: Bool) -> String {
    func percent(_ share: Double) -> String { String(format: "%.1f", share * 100) }
    func row(_ name: String, _ accuracy: Double, _ interval: [Double], _ count: Int) -> [String] {
      [name, percent(accuracy), "\(percent(interval[0]))–\(percent(interval[1]))", "\(count)"]
    }
    let categories = report.categories.sorted { $0.key < $1.key }
    let kept = String(format: "%.0f", report.kept)
    let head =
      "\(report.partial ? "partial: " : "")\(report.strategy): kept \(kept) of \(report.visualTokens) visual tokens "
      + "(\(percent(report.keepRatio))%)\n"
    guard isGraded else { return head }
    return head
      + TextTable.render(
        [["category", "accuracy %", "95% interval", "n"]]
          + categories.map { row($0.key, $0.value.accuracy, $0.value.interval, $0.value.n) }
          + [row("overall", report.accuracy, report.interval, report.n)])
  }
}
