import Foundation
import Pruning
import VLM

/// docs/methods: a page a strategy and an index, from what strategies declare.
enum MethodPages {
  private static let index = "README.md"
  private static let origin = "<!-- Written by `make methods-docs` from what the code declares. -->\n\n"

  /// Writes all pages into a folder, which is made if need be. Other files there stay.
  static func write(_ capabilities: CapabilityMatrix, to folder: String) throws {
    try OutputFolder.make(folder)
    for row in capabilities.rows {
      let text = page(of: row, families: capabilities.families)
      try OutputFile.write(Array(text.utf8), to: "\(folder)/\(row.name).md")
    }
    try OutputFile.write(Array(indexPage(capabilities).utf8), to: "\(folder)/\(index)")
  }

  static func page(of row: CapabilityMatrix.Row, families: [String]) -> String {
    let method = row.method
    var text = origin + "# `\(method.name)`\n\n\(sentence(method.summary))\n\n"
    if let paper = method.paper {
      let venue = paper.venue.map { ", \($0)" } ?? ""
      text += "Paper: *\(paper.title)*\(venue), [arXiv \(paper.arxiv)](https://arxiv.org/abs/\(paper.arxiv)).\n\n"
    }
    text += "It drops tokens \(method.place.rawValue).\n"
    if method.findsOwnBudget { text += "It \(MethodText.ownBudget).\n" }
    text += "\n## Reads\n\n"
    for reading in method.reads {
      let quantities = MethodText.listed(reading.quantities)
      text += reading.tower.map { "- On \($0): \(quantities)\n" } ?? "- \(sentence(quantities, end: ""))\n"
    }
    return text + options(of: method) + works(row, families)
  }

  private static func options(of method: MethodDescription) -> String {
    guard !method.options.isEmpty else { return "\n## Options\n\nNone.\n" }
    let table = [["option", "type", "values", "default", "meaning"]] + method.options.map {
      ["`\($0.name)`", $0.type, $0.range, $0.standard, $0.summary]
    }
    var text = "\n## Options\n\n\(MarkdownTable.render(table))"
    let differing = method.options.filter { $0.released != nil || $0.corrected != nil }
    guard !differing.isEmpty else { return text }
    let values = [["option", "released", "corrected"]] + differing.map { option in
      let released = option.released.map { "`\(option.name)=\($0)`" } ?? "–"
      return ["`\(option.name)`", released, option.corrected.map { "`\(option.name)=\($0)`" } ?? "–"]
    }
    text += "\nWhere the authors' code and their paper differ:\n\n\(MarkdownTable.render(values))"
    return text
  }

  private static func works(_ row: CapabilityMatrix.Row, _ families: [String]) -> String {
    let served = families.filter { row.obstacles[$0] == nil }.map { "`\($0)`" }
    var text = "\n## Works on\n\n\(MethodText.listed(served))\n"
    for refusal in MethodText.refusals(of: row, families: families) {
      text += "\nNot on \(refusal.families): it \(refusal.reason).\n"
    }
    return text
  }

  private static func indexPage(_ capabilities: CapabilityMatrix) -> String {
    var text = origin + "# Methods\n\nOne page a strategy; `vlmprune strategies NAME` prints the same.\n"
    for place in PruningPlace.allCases {
      let rows = capabilities.rows.filter { $0.method.place == place }
      guard !rows.isEmpty else { continue }
      let table = [["strategy", "what it does", "paper"]] + rows.map { row in
        let paper = row.method.paper.map { "[arXiv \($0.arxiv)](https://arxiv.org/abs/\($0.arxiv))" } ?? "–"
        return ["[`\(row.name)`](\(row.name).md)", row.method.summary, paper]
      }
      text += "\n## \(sentence(place.rawValue, end: ""))\n\n\(MarkdownTable.render(table))"
    }
    return text
  }

  private static func sentence(_ words: String, end: String = ".") -> String {
    words.prefix(1).uppercased() + words.dropFirst() + end
  }
}

/// A table in Markdown, its first row the heading.
enum MarkdownTable {
  static func render(_ rows: [[String]]) -> String {
    let rule = [String](repeating: "---", count: rows[0].count)
    return ([rows[0], rule] + rows.dropFirst()).map { "| \($0.joined(separator: " | ")) |\n" }.joined()
  }
}
