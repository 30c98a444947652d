import Pruning
import VLM

/// A strategy in the JSON of `strategies`.
struct MethodReport: Encodable {
  let name: String
  let summary: String
  /// Whether it works, by family.
  let families: [String: Bool]?
  /// Why it does not, for families where it does not.
  let reasons: [String: String]?
  /// Of a strategy that was asked for by name; a baseline has none.
  let paper: Paper?
  let place: PruningPlace?
  let reads: [MethodDescription.Reading]?
  let findsOwnBudget: Bool?
  let options: [OptionDescription]?

  private enum CodingKeys: String, CodingKey {
    case name, summary, families, reasons, paper, place, reads, options
    case findsOwnBudget = "finds_own_budget"
  }

  /// - Parameters:
  ///   - families: nil: what works where is not said.
  ///   - isWhole: whether all declarations are shown.
  init(_ row: CapabilityMatrix.Row, families: [String]?, isWhole: Bool = false) {
    let method = row.method
    name = method.name
    summary = method.summary
    self.families = families.map { names in
      Dictionary(uniqueKeysWithValues: names.map { ($0, row.obstacles[$0] == nil) })
    }
    reasons = families == nil ? nil : row.obstacles
    paper = isWhole ? method.paper : nil
    place = isWhole ? method.place : nil
    reads = isWhole ? method.reads : nil
    findsOwnBudget = isWhole ? method.findsOwnBudget : nil
    options = isWhole ? method.options : nil
  }
}
