import Pruning
import VLM

/// A strategy's declarations as a terminal shows them.
enum MethodText {
  static func text(of row: CapabilityMatrix.Row, families: [String]) -> String {
    let method = row.method
    var facts = [["\(method.name)", method.summary]]
    if let paper = method.paper { facts.append(["paper", cited(paper)]) }
    facts.append(["prunes", method.place.rawValue])
    for reading in method.reads {
      facts.append(["reads", listed(reading.quantities)])
      if let tower = reading.tower { facts.append(["", "on \(tower)"]) }
    }
    if method.findsOwnBudget { facts.append(["budget", ownBudget]) }
    facts.append(["works on", listed(families.filter { row.obstacles[$0] == nil })])
    let text = TextTable.render(facts)
    let refusals = refusals(of: row, families: families).map { "not on \($0.families): \($0.reason)\n" }.joined()
    guard !method.options.isEmpty else { return text + refusals + "It takes no options.\n" }
    let options = [["option", "default", "values", "meaning"]] + method.options.map {
      [$0.name, $0.standard, "\($0.type), \($0.range)", $0.summary]
    }
    let corrections = corrections(of: method).map { "\($0.option): \($0.text)\n" }.joined()
    return text + refusals + "\n" + TextTable.render(options) + (corrections.isEmpty ? "" : "\n\(corrections)")
  }

  static let ownBudget = "finds its own number of tokens where --keep is left out"

  /// "Title, ECCV 2024, arXiv 2403.06764".
  static func cited(_ paper: Paper) -> String {
    ([paper.title] + [paper.venue].compactMap(\.self) + ["arXiv \(paper.arxiv)"]).joined(separator: ", ")
  }

  static func listed(_ words: [String]) -> String { words.isEmpty ? "nothing" : words.joined(separator: ", ") }

  /// Families with one reason, side by side.
  static func refusals(
    of row: CapabilityMatrix.Row, families: [String]
  ) -> [(families: String, reason: String)] {
    var reasons: [String] = []
    for family in families {
      if let reason = row.obstacles[family], !reasons.contains(reason) { reasons.append(reason) }
    }
    return reasons.map { reason in
      (families.filter { row.obstacles[$0] == reason }.joined(separator: ", "), reason)
    }
  }

  /// Where the authors' code does not do what their paper says: which value does what.
  static func corrections(of method: MethodDescription) -> [(option: String, text: String)] {
    method.options.compactMap { option in
      let values = [
        option.released.map { "\($0) is what the authors' code does" },
        option.corrected.map { "\($0) corrects it" },
      ].compactMap(\.self)
      return values.isEmpty ? nil : (option.name, values.joined(separator: ", "))
    }
  }
}
