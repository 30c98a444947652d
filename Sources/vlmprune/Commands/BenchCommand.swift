import ArgumentParser
import Foundation
import Kernels
import Measurement
import Pruning
import VLM

struct BenchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench",
    abstract: "Time every stage of one question about one picture.",
    discussion: """
      The picture is the command's own unless --image names one; the prompt is its visual tokens and --text-tokens
      more. Medians over --rounds, after a round that is not counted.

      Example:
        vlmprune bench --strategy fastervlm --keep all,192,64 --rounds 3
      """)

  @OptionGroup var options: RunOptions

  @Option(name: .long, help: ArgumentHelp("Time this PNG or JPEG file.", valueName: "file"))
  var image: String?

  @Option(name: .long, parsing: .unconditional, help: "Rounds that are counted.")
  var rounds: Int = 5

  @Option(name: .long, parsing: .unconditional, help: "Text tokens of the prompt.")
  var textTokens: Int = 64

  @Option(name: .long, parsing: .unconditional, help: "Tokens decoded a round.")
  var maxNewTokens: Int = 16

  func validate() throws {
    if rounds < 1 { throw ValidationError("--rounds is \(rounds), expected at least 1") }
    if maxNewTokens < 1 { throw ValidationError("--max-new-tokens is \(maxNewTokens), expected at least 1") }
    if textTokens < 8 { throw ValidationError("--text-tokens is \(textTokens), expected at least 8") }
  }

  private struct Row: Encodable {
    let keep: String
    let visualTokens: Int
    let kept: Int
    let promptTokens: Int
    let preprocessMs, encodeMs, encodePlainMs, pruneMs, projectMs, prefillMs, ttftMs: Double
    let secondTtftMs, decodeMsPerToken: Double
    /// First and third quartiles.
    let encodeSpreadMs, prefillSpreadMs, ttftSpreadMs, decodeSpreadMs: [Double]
    let encodeFlops, prefillFlops, encodeGflops, prefillGflops: Double
    /// Time of encode and prefill divided by the time that their products take at this machine's multiplication rates.
    let encodeOverFloor, prefillOverFloor: Double
    /// Of the prompt's keys and values in all blocks.
    let kvBytes: Int
    let peakBytes: Int
  }

  private struct Report: Encodable {
    let model, precision, backend: String
    let threads: Int
    let cpu, strategy: String
    let textTokens, rounds: Int
    let loadMs: Double
    let rows: [Row]
  }

  func run() throws {
    let settings = try self.settings()
    let clock = ContinuousClock()
    let start = clock.now
    let model = try options.loadModel()
    let load = clock.now - start
    try options.check(settings.map(\.setting), on: model)
    let benchmark = Benchmark(
      model: model, textTokens: textTokens, options: try options.pictureOptions(),
      file: try image.map { ($0, try InputFile.bytes($0)) })
    let longest = try benchmark.longestPrompt() + maxNewTokens
    guard longest <= model.decoder.configuration.contextLength else {
      throw CommandFailure.usage(
        "\(longest) positions are more than the model's context of \(model.decoder.configuration.contextLength)",
        hint: "give fewer --text-tokens or --max-new-tokens")
    }
    var progress = ProgressBar(total: settings.count, isQuiet: options.json && !options.verbose, verb: "timed")
    var rows: [Row] = []
    for (setting, keep) in settings {
      let row = try benchmark.run(setting, keep: keep, rounds: rounds, newTokens: maxNewTokens)
      // Read first, so that the floor's own matrices do not count.
      let peak = ProcessMemory.peakBytes
      rows.append(Self.row(row, floor: benchmark.floor(row, rounds: rounds), peak: peak))
      progress.advance(note: "keep \(keep)")
    }
    progress.finish()
    let report = Report(
      model: model.name, precision: model.compute.precision, backend: model.compute.backEnd.rawValue,
      threads: model.workers.count, cpu: CPUInformation().name,
      strategy: try model.spec(of: settings[0].setting).description,
      textTokens: textTokens, rounds: rounds, loadMs: load.milliseconds, rows: rows)
    if options.json {
      let envelope = try options.envelope(
        "bench", model: model, strategy: report.strategy, visualTokens: rows.first?.visualTokens,
        kept: rows.count == 1 ? Double(rows[0].kept) : nil)
      try StandardOutput.write(json: report, envelope: envelope, keys: .convertToSnakeCase)
    } else {
      try StandardOutput.write(Self.table(report))
    }
  }

  /// One setting per budget of `--keep`, which is a list here. A budget of everything needs no strategy.
  private func settings() throws -> [(setting: PruningSetting, keep: String)] {
    let names = options.selection.givenBudget.split(separator: ",", omittingEmptySubsequences: false)
      .map { $0.trimmingCharacters(in: .whitespaces) }
    let budgets = try names.map { try Budget(parsing: $0) }
    var setting = try options.pruningSetting(budget: budgets.first { $0 != .all } ?? budgets[0])
    return zip(budgets, names).map { budget, name in
      setting.budget = budget
      return (setting, name)
    }
  }

  private static func row(_ row: BenchmarkRow, floor: (encode: Double, prefill: Double), peak: Int) -> Row {
    func spread(_ stage: Spread) -> [Double] { [stage.low, stage.high] }
    return Row(
      keep: row.keep, visualTokens: row.visualTokens, kept: row.kept, promptTokens: row.promptTokens,
      preprocessMs: row.preprocess.median, encodeMs: row.encode.median, encodePlainMs: row.encodePlain.median,
      pruneMs: row.prune.median, projectMs: row.project.median, prefillMs: row.prefill.median,
      ttftMs: row.firstToken.median, secondTtftMs: row.secondFirstToken.median, decodeMsPerToken: row.decode.median,
      encodeSpreadMs: spread(row.encode), prefillSpreadMs: spread(row.prefill), ttftSpreadMs: spread(row.firstToken),
      decodeSpreadMs: spread(row.decode), encodeFlops: row.encodeOperations,
      prefillFlops: row.prefillOperations, encodeGflops: row.encodeOperations / row.encode.median / 1e6,
      prefillGflops: row.prefillOperations / row.prefill.median / 1e6,
      encodeOverFloor: row.encode.median / 1000 / floor.encode,
      prefillOverFloor: row.prefill.median / 1000 / floor.prefill, kvBytes: row.cacheBytes, peakBytes: peak)
  }

  private static func table(_ report: Report) -> String {
    func number(_ value: Double) -> String { String(format: value < 100 ? "%.1f" : "%.0f", value) }
    let head = [
      "keep", "kept", "preprocess", "encode", "prune", "project", "prefill", "first token", "2nd question",
      "ms/token", "encode GFLOP/s", "prefill GFLOP/s",
    ]
    let lines = report.rows.map { row in
      [row.keep, "\(row.kept)"]
        + [
          row.preprocessMs, row.encodeMs, row.pruneMs, row.projectMs, row.prefillMs, row.ttftMs, row.secondTtftMs,
          row.decodeMsPerToken, row.encodeGflops, row.prefillGflops,
        ].map(number)
    }
    return "\(report.model): \(report.precision), \(report.backend), \(report.threads) threads, \(report.cpu)\n"
      + "\(report.strategy); milliseconds, medians of \(report.rounds)\n" + TextTable.render([head] + lines)
  }
}
