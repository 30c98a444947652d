import Pruning

/// How a budget compares with the others of its strategy: larger ones come first in a table.
struct BudgetSize: Comparable {
  /// The scale on which a budget is measured.
  enum Measure: Int {
    /// A share of the visual tokens.
    case share
    /// A count of tokens, out of an unknown total.
    case count
    /// A text that does not name a size.
    case unknown
  }

  let measure: Measure
  private let value: Double
  private let spelling: String

  /// - Parameter visualTokens: mean visual tokens of the unpruned pictures; nil if unknown.
  init(_ spelling: String, visualTokens: Double?) {
    self.spelling = spelling
    switch try? Budget(parsing: spelling) {
    case .all: (measure, value) = (.share, 1)
    case .ratio(let ratio): (measure, value) = (.share, ratio)
    case .count(let count):
      if let visualTokens, visualTokens > 0 {
        (measure, value) = (.share, Double(count) / visualTokens)
      } else {
        (measure, value) = (.count, Double(count))
      }
    case .adaptive, nil: (measure, value) = (.unknown, 0)
    }
  }

  /// Share of the visual tokens; nil if unknown.
  var share: Double? { measure == .share ? value : nil }

  var isEverything: Bool { measure == .share && value == 1 }

  /// Largest first.
  static func < (one: BudgetSize, other: BudgetSize) -> Bool {
    if one.measure != other.measure { return one.measure.rawValue < other.measure.rawValue }
    if one.value != other.value { return one.value > other.value }
    return one.spelling.utf8.lexicographicallyPrecedes(other.spelling.utf8)
  }
}
