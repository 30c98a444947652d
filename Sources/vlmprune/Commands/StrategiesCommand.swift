import ArgumentParser
import Pruning
import VLM

struct StrategiesCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "strategies",
    abstract: "List the pruning strategies.",
    discussion: """
      Example:
        vlmprune strategies --matrix
      """)

  @Flag(name: .long, help: "Show which strategy works on which model family, and why one does not.")
  var matrix = false

  @Flag(name: .long, help: "With --matrix: print a table in Markdown.")
  var markdown = false

  @Flag(name: .long, help: "Print one JSON object on stdout.")
  var json = false

  private struct Row: Encodable {
    let name: String
    let summary: String
    /// Whether it works, by family.
    let families: [String: Bool]?
    /// Why it does not, for families where it does not.
    let reasons: [String: String]?
  }

  private struct Report: Encodable {
    let strategies: [Row]
  }

  func validate() throws {
    if markdown, !matrix || json { throw ValidationError("--markdown is for --matrix, and not for --json") }
  }

  func run() throws {
    let capabilities = CapabilityMatrix()
    if json {
      let rows = capabilities.rows.map { row in
        let works = capabilities.families.map { ($0, row.obstacles[$0] == nil) }
        return Row(
          name: row.name, summary: row.summary, families: matrix ? Dictionary(uniqueKeysWithValues: works) : nil,
          reasons: matrix ? row.obstacles : nil)
      }
      try StandardOutput.write(json: Report(strategies: rows), envelope: Envelope("strategies"))
    } else if markdown {
      try StandardOutput.write(Self.markdown(capabilities))
    } else if matrix {
      try StandardOutput.write(TextTable.render(Self.table(capabilities)) + Self.notes(capabilities).joined())
    } else {
      try StandardOutput.write(TextTable.render(capabilities.rows.map { [$0.name, $0.summary] }))
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
    let rule = [String](repeating: "---", count: table[0].count)
    let lines = ([table[0], rule] + body).map { "| \($0.joined(separator: " | ")) |\n" }
    return lines.joined() + "\n" + notes(matrix).joined(separator: "\n")
  }
}
