import ArgumentParser
import Pruning
import VLM

struct StrategiesCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "strategies",
    abstract: "List the pruning strategies, or describe one.",
    discussion: """
      Example:
        vlmprune strategies --matrix
        vlmprune strategies hiprune
      """)

  @Argument(help: ArgumentHelp("A strategy to describe: its paper, what it reads, its options.", valueName: "name"))
  var name: String?

  @Flag(name: .long, help: "Show which strategy works on which model family, and why one does not.")
  var matrix = false

  @Flag(name: .long, help: "With --matrix or a name: print Markdown.")
  var markdown = false

  @Option(name: .long, help: ArgumentHelp("Write a page in Markdown for every strategy.", valueName: "folder"))
  var pages: String?

  @Flag(name: .long, help: "Print one JSON object on stdout.")
  var json = false

  private struct Report: Encodable {
    let strategies: [MethodReport]
  }

  func validate() throws {
    if markdown, json || !matrix && name == nil {
      throw ValidationError("--markdown is for --matrix or a name, and not for --json")
    }
    if name != nil, matrix { throw ValidationError("--matrix is of all strategies: leave the name out") }
    if pages != nil, name != nil || matrix || json { throw ValidationError("--pages goes with no other option") }
  }

  func run() throws {
    let capabilities = CapabilityMatrix()
    if let pages {
      try MethodPages.write(capabilities, to: pages)
    } else if let name {
      try describe(name, in: capabilities)
    } else if json {
      let rows = capabilities.rows.map { MethodReport($0, families: matrix ? capabilities.families : nil) }
      try StandardOutput.write(json: Report(strategies: rows), envelope: Envelope("strategies"))
    } else if markdown {
      try StandardOutput.write(Self.markdown(capabilities))
    } else if matrix {
      try StandardOutput.write(TextTable.render(Self.table(capabilities)) + Self.notes(capabilities).joined())
    } else {
      try StandardOutput.write(TextTable.render(capabilities.rows.map { [$0.name, $0.method.summary] }))
    }
  }

  private func describe(_ name: String, in capabilities: CapabilityMatrix) throws {
    guard let row = capabilities.rows.first(where: { $0.name == name }) else {
      throw PruningError.unknownStrategy(name, valid: capabilities.rows.map(\.name))
    }
    if json {
      let report = MethodReport(row, families: capabilities.families, isWhole: true)
      try StandardOutput.write(json: Report(strategies: [report]), envelope: Envelope("strategies"))
    } else if markdown {
      try StandardOutput.write(MethodPages.page(of: row, families: capabilities.families))
    } else {
      try StandardOutput.write(MethodText.text(of: row, families: capabilities.families))
    }
  }

  private static func table(_ matrix: CapabilityMatrix) -> [[String]] {
    [["strategy"] + matrix.families]
      + matrix.rows.map { row in [row.name] + matrix.families.map { row.obstacles[$0] == nil ? "yes" : "no" } }
  }

  /// A line for each reason.
  private static func notes(_ matrix: CapabilityMatrix) -> [String] {
    matrix.reasons.map { reason in
      "\(reason.strategies.joined(separator: ", ")) on \(reason.families.joined(separator: ", ")): \(reason.obstacle)\n"
    }
  }

  private static func markdown(_ matrix: CapabilityMatrix) -> String {
    let table = table(matrix)
    let body = table.dropFirst().map { ["`\($0[0])`"] + $0.dropFirst() }
    return MarkdownTable.render([table[0]] + body) + "\n" + notes(matrix).joined(separator: "\n")
  }
}
