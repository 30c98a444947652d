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

  @Flag(name: .long, help: "Show which strategy works on which model family.")
  var matrix = false

  @Flag(name: .long, help: "Print one JSON object on stdout.")
  var json = false

  private struct Row: Encodable {
    let name: String
    let summary: String
    /// Whether it works, by family.
    let families: [String: Bool]?
  }

  private struct Report: Encodable {
    let strategies: [Row]
  }

  func run() throws {
    let rows = StrategyCatalogue.standard.strategies.map { strategy in
      Row(
        name: strategy.name, summary: strategy.summary,
        families: matrix
          ? Dictionary(
            uniqueKeysWithValues: FamilyCatalogue.all.map {
              ($0.modelType, $0.hasClassToken || !strategy.needsClassToken)
            }) : nil)
    }
    if json {
      try StandardOutput.write(json: Report(strategies: rows), envelope: Envelope("strategies"))
      return
    }
    try StandardOutput.write(TextTable.render(matrix ? matrixTable(rows) : rows.map { [$0.name, $0.summary] }))
  }

  private func matrixTable(_ rows: [Row]) -> [[String]] {
    let families = FamilyCatalogue.all.map { $0.modelType }
    return [["strategy"] + families]
      + rows.map { row in [row.name] + families.map { row.families?[$0] == true ? "yes" : "–" } }
  }
}
