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
      Every image is encoded once for all of them. With --out every row is written as it is there, and the same command
      goes on where it was stopped. Questions that failed have a row with their error and count as wrong; they are not
      tried again unless --retry-failed says so.

      Example:
        vlmprune sweep --questions fixtures/questions/scenes/questions.jsonl \\
          --images fixtures/questions/scenes --strategies fastervlm \\
          --keep 25%,11% --limit 16
      """)

  @OptionGroup var file: QuestionFileOptions

  @Option(
    name: .long,
    help: ArgumentHelp(
      "Strategy specs, separated by commas; \(SettingList.baselines.joined(separator: ", ")) are always there.",
      valueName: "list"))
  var strategies: String

  @OptionGroup var options: RunOptions

  @Option(name: .long, help: ArgumentHelp("Folder that keeps the run.", valueName: "dir"))
  var out: String?

  @Option(
    name: .long, help: ArgumentHelp("Only this part of the questions, such as 2/8; needs --out.", valueName: "i/n"))
  var shard: String?

  @Flag(name: .long, help: "Try questions again that failed before; needs --out.")
  var retryFailed = false

  @Option(
    name: .long, help: "How the table is written: \(TableFormat.allCases.map(\.rawValue).joined(separator: ", ")).")
  var format: TableFormat?

  func validate() throws {
    if options.selection.strategy != nil {
      throw ValidationError("sweep takes --strategies, a list, instead of --strategy")
    }
    if let shard, Shard(parsing: shard) == nil {
      throw ValidationError(
        "--shard is \(shard), expected a part and how many there are, such as 1/8 (at most \(Shard.mostParts))")
    }
    if shard != nil, out == nil { throw ValidationError("--shard needs --out: shards are merged afterwards") }
    if retryFailed, out == nil { throw ValidationError("--retry-failed needs --out: nothing else was kept") }
    if file.predict, out == nil { throw ValidationError("--predict needs --out: there is nothing else to give") }
    if options.json, let format, format != .json {
      throw ValidationError("--json and --format \(format.rawValue) exclude each other")
    }
  }

  func run() throws {
    // The model is gone when this returns: the figures of a hundred thousand rows find room where it was.
    var answers = try answered()
    let (folder, table) = (answers.folder, answers.table)
    if file.predict {
      StandardError.write("\(folder?.doneCount ?? 0) of \(table.manifest.rowCount) rows are there\n")
      if table.format == .json { try table.show(json: nil, failed: folder?.failedCount ?? 0) }
    } else {
      try table.show(&answers.rows, folder)
    }
    if !table.isWhole { StopRequest.endProcess() }
  }

  /// What is left of a sweep when its questions are answered.
  private struct Answers {
    var rows: RowCollector
    let folder: RunFolder?
    let table: SweepTable
  }

  /// Reads what is asked, loads the model and answers what is missing.
  private func answered() throws -> Answers {
    let (sweep, manifest) = try prepared()
    return try answer(sweep, manifest)
  }

  private func prepared() throws -> (SweepRun, RunManifest) {
    let metric = try Metric(named: file.metric)
    let loader = try options.pictureLoader()
    let specs = try Self.parts(strategies).map { try StrategyCatalogue.standard.make(parsing: $0) }
    let budgets = try (options.selection.keep.map(Self.parts) ?? SettingList.standardBudgets).map {
      try Budget(parsing: $0)
    }
    let base = try options.pruningSetting(budget: .all)
    // Nothing is made in a folder that holds a run: a finished one keeps its times.
    if let out, !FileManager.default.fileExists(atPath: "\(out)/manifest.json") {
      try OutputFolder.check(out, option: "--out")
    }
    let asked = try file.read()
    let model = try options.loadModel()
    let reading = try options.pictureOptions()
    let list = try SettingList(strategies: specs, budgets: budgets, base: base, model: model) { setting in
      try model.check(setting, options: reading)
    }
    for note in list.notes { StandardError.write("note: \(note)\n") }
    try options.check(list.entries.map(\.setting), on: model)
    let range = shard.flatMap(Shard.init(parsing:))?.range(of: asked.questions.map(\.image))
    let sweep = SweepRun(
      run: EvaluationRun(
        model: model, settings: list.entries.map(\.setting), metric: metric, options: file.generation,
        system: file.system, loadPicture: loader),
      names: list.entries.map(\.name), questions: range.map { Array(asked.questions[$0]) } ?? asked.questions,
      images: file.images)
    let manifest = try file.manifest(
      of: model, settings: list.entries.map(\.name), options: options, digest: asked.digest,
      count: sweep.questions.count, shard: shard.flatMap(Shard.init(parsing:)))
    return (sweep, manifest)
  }

  private func answer(_ sweep: SweepRun, _ manifest: RunManifest) throws -> Answers {
    let folder = try out.map {
      try RunFolder(
        path: $0, manifest: manifest, questions: sweep.questions.map(\.identifier), retriesFailures: retryFailed)
    }
    var rows = RowCollector(folder: folder, questions: sweep.questions.count)
    var progress = ProgressBar(
      total: manifest.rowCount, isQuiet: options.json && !options.verbose, done: folder?.doneCount ?? 0)
    StopRequest.watch()
    let isWhole = try sweep.run(
      isDone: { folder?.has(question: $0, setting: $1) ?? false }, isCancelled: { StopRequest.hasCome },
      explain: CommandFailure.message
    ) { row in
      try rows.append(row)
      progress.advance(note: "")
    }
    progress.finish()
    let given = options.selection.keep ?? manifest.budgets.joined(separator: ",")
    let table = SweepTable(
      format: options.json ? .json : format ?? .table, manifest: manifest, isWhole: isWhole,
      envelope: try options.envelope("sweep", model: sweep.run.model, given: given))
    return Answers(rows: rows, folder: folder, table: table)
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
}
