import ArgumentParser
import Basics
import Evaluation
import Foundation
import VLM

struct ReportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report",
    abstract: "Write a run's report: a page, a table, a summary and charts.",
    discussion: """
      Writes report.html (one file that needs no network), summary.md, retention.svg, time.svg and, of a finished run,
      results.csv into the run's folder.

      Example:
        vlmprune report fixtures/evaluation/run --out report
      """)

  @Argument(help: ArgumentHelp("A run's folder, as sweep --out made it.", valueName: "run"))
  var folder: String

  @Option(name: .long, help: ArgumentHelp("Write into this folder instead of the run's own.", valueName: "dir"))
  var out: String?

  @Option(name: .long, parsing: .unconditional, help: "Seed of the bootstrap.")
  var seed: UInt64 = 0

  @Option(name: .long, parsing: .unconditional, help: "Resamples of the bootstrap.")
  var replicates: Int = 10_000

  @Option(
    name: .long,
    help: ArgumentHelp("Where the run's model lies now, for the pictures of kept patches.", valueName: "dir|name"))
  var model: String?

  @Option(name: .long, help: ArgumentHelp("Where the run's question file lies now.", valueName: "file"))
  var questions: String?

  @Option(name: .long, help: ArgumentHelp("Where the run's images lie now.", valueName: "dir"))
  var images: String?

  @Flag(name: .long, help: "Leave out the pictures of kept patches: no model is loaded.")
  var noPictures = false

  @Flag(name: .long, help: "Print one JSON object on stdout.")
  var json = false

  /// `report --json`.
  private struct Written: Encodable {
    let out: String
    /// Names in that folder.
    let files: [String]
    /// Why pictures of kept patches are missing.
    let missingPictures: Nullable<String>

    private enum CodingKeys: String, CodingKey {
      case out, files
      case missingPictures = "missing_pictures"
    }
  }

  func validate() throws { try StatisticsCommand.check(replicates: replicates) }

  func run() throws {
    let description = try RunDescription(folder: folder)
    let target = out ?? folder
    if let out { try OutputFolder.check(out, option: "--out") }
    let rows = "\(folder)/rows.jsonl"
    var contents = try RunContents(
      description, rows: try InputFile.bytes(rows, limit: 1 << 34), file: rows,
      options: StatisticsOptions(seed: seed, replicates: replicates))
    addTexts(to: &contents)
    let reason = addPictures(to: &contents)
    if let reason, !noPictures { StandardError.write("note: pictures of kept patches are missing: \(reason)\n") }
    try OutputFolder.make(target)
    let files = Report(contents, missingPictures: reason).files
    for file in files { try OutputFile.check("\(target)/\(file.name)", option: "the report's file") }
    for file in files { try OutputFile.write(file.bytes, to: "\(target)/\(file.name)") }
    if json {
      let written = Written(out: target, files: files.map(\.name), missingPictures: Nullable(reason))
      try StandardOutput.write(json: written, envelope: Envelope("report"))
    } else {
      try StandardOutput.write("\(target)/report.html\n")
    }
  }

  /// Questions' texts and right answers, where the question file is still there.
  private func addTexts(to contents: inout RunContents) {
    guard let file = questions ?? contents.description.questionFile,
      let all = try? QuestionInput.read(file, requiresAnswers: false).questions
    else { return }
    for index in contents.samples.indices {
      let sample = contents.samples[index]
      // Another file of the same name has other questions.
      let same = all.first { $0.identifier == sample.identifier && $0.image == sample.image }
      contents.samples[index].text = same?.text
      contents.samples[index].answers = same?.answers ?? []
    }
  }

  /// - Returns: why some or all are missing, one line; nil where none is.
  private func addPictures(to contents: inout RunContents) -> String? {
    if noPictures { return "they were not asked for" }
    let settings = contents.picturedSettings.map { place in
      (place: place, strategy: contents.run.settings[place].strategy, keep: contents.run.settings[place].keep)
    }
    let model: VisionLanguageModel
    do { model = try loadModel(contents.description) } catch { return PatchPictures.explain(error) }
    let pictures = PatchPictures(model: model, description: contents.description, images: images)
    var reason: String?
    for index in contents.samples.indices {
      let outcome = pictures.pictures(of: contents.samples[index], settings: settings)
      contents.samples[index].pictures = outcome.pictures
      reason = reason ?? outcome.reason
    }
    return reason
  }

  private func loadModel(_ description: RunDescription) throws -> VisionLanguageModel {
    let name = model ?? (description.model == ModelLocator.bundledName ? nil : description.model)
    var arguments = name.map { ["--model", $0] } ?? []
    if let template = description.template { arguments += ["--template", template] }
    if let precision = description.precision, ["f32", "bf16", "int8"].contains(precision) {
      arguments += ["--precision", precision]
    }
    return try RunOptions.parse(arguments + ["--json"]).loadModel()
  }
}
