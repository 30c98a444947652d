import ArgumentParser
import Evaluation

struct MergeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "merge",
    abstract: "Join the shards of a sweep into one run.",
    discussion: """
      Takes the folder of each shard, in any order, and makes the run that the command without --shard would have made.

      Example:
        vlmprune sweep --questions fixtures/questions/scenes/questions.jsonl \\
          --images fixtures/questions/scenes --strategies hiprune --keep 25% \\
          --limit 4 --shard 1/2 --out run-1
        vlmprune sweep --questions fixtures/questions/scenes/questions.jsonl \\
          --images fixtures/questions/scenes --strategies hiprune --keep 25% \\
          --limit 4 --shard 2/2 --out run-2
        vlmprune merge run-1 run-2 --out run
      """)

  @Argument(help: ArgumentHelp("Folders of the shards.", valueName: "run"))
  var runs: [String]

  @Option(name: .long, help: ArgumentHelp("Folder of the merged run.", valueName: "dir"))
  var out: String

  @Flag(name: .long, help: "Print one JSON object.")
  var json = false

  private struct Report: Encodable {
    let out: String
    let shards: Int
    let rows: Int
    let questions: Int
  }

  func run() throws {
    try OutputFolder.check(out, option: "--out")
    let merge = try RunMerge(folders: runs)
    StopRequest.watch()
    guard try merge.write(to: out, isCancelled: { StopRequest.hasCome }) else {
      StandardError.write("stopped early: nothing was written\n")
      StopRequest.endProcess()
      return
    }
    let report = Report(
      out: out, shards: runs.count, rows: merge.manifest.rowCount, questions: merge.manifest.questions.count)
    if json {
      try StandardOutput.write(json: report, envelope: Envelope("merge"))
    } else {
      try StandardOutput.write(
        "\(out): \(report.rows) rows of \(report.shards) shards, \(report.questions) questions\n")
    }
  }
}
