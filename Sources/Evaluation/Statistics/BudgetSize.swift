import Pruning

/// How large a budget is beside the other ones of its strategy: the larger, the earlier in a table.
struct BudgetSize: Comparable {
  /// What a budget can be compared with.
  enum Measure: Int {
    /// A share of the visual tokens.
    case share
    /// A count where nobody said of how many.
    case count
    /// A text that names no size.
    case unknown
  }

  let measure: Measure
  private let value: Double
  private let spelling: String

  /// - Parameter visualTokens: of the unpruned pictures on average, where it is known.
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

  /// Of the visual tokens, where it is known.
  var share: Double? { measure == .share ? value : nil }

  var isEverything: Bool { measure == .share && value == 1 }

  /// Largest first.
  static func < (one: BudgetSize, other: BudgetSize) -> Bool {
    if one.measure != other.measure { return one.measure.rawValue < other.measure.rawValue }
    if one.value != other.value { return one.value > other.value }
    return one.spelling.utf8.lexicographicallyPrecedes(other.spelling.utf8)
  }
}
