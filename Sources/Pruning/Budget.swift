/// How many visual tokens of an image to keep, over all views, separators not counted.
public enum Budget: Sendable, Hashable {
  case all
  /// The method's own number (PruMerge, TRIM).
  case adaptive
  case count(Int)
  /// Kept ÷ visual tokens, 0 < ratio < 1.
  case ratio(Double)
}

extension Budget: CustomStringConvertible {
  /// Reads "128", "25%", "0.25", "all" or "adaptive".
  /// - Throws: a budget error of `PruningError` for anything else, including nothing and more than everything.
  public init(parsing text: String) throws(PruningError) {
    if text == "all" || text == "adaptive" {
      self = text == "all" ? .all : .adaptive
      return
    }
    let isPercentage = text.hasSuffix("%")
    let number = isPercentage ? text.dropLast() : text[...]
    let digits = number.first == "-" ? number.dropFirst() : number
    let parts = digits.split(separator: ".", omittingEmptySubsequences: false)
    let isDecimal =
      parts.count <= 2 && parts.allSatisfy { !$0.isEmpty && $0.utf8.allSatisfy(Self.isDigit) }
    // "29e-2" and not 29 / 100: 33.3 % must be the same double as 0.333.
    guard isDecimal, let value = Double(isPercentage ? "\(digits)e-2" : String(digits)), value.isFinite else {
      throw .malformedBudget(text)
    }
    guard number.first != "-", value > 0 else { throw .budgetNotPositive(text) }
    if parts.count == 1, !isPercentage {
      guard let count = Int(digits) else { throw .budgetAboveEverything(text) }
      self = .count(count)
      return
    }
    guard value <= 1 else { throw .budgetAboveEverything(text) }
    self = value == 1 ? .all : .ratio(value)
  }

  private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

  /// The command line's spelling.
  public var description: String {
    switch self {
    case .all: "all"
    case .adaptive: "adaptive"
    case .count(let count): "\(count)"
    case .ratio(let ratio): Self.percent(ratio)
    }
  }

  /// "25%": the ratio's own digits, the point moved by two places, since a product would round.
  private static func percent(_ ratio: Double) -> String {
    guard ratio.isFinite else { return "\(ratio)" }
    if ratio < 0 { return "-\(percent(-ratio))" }
    let parts = ratio.description.split(separator: ".")
    guard parts.count == 2, parts[1].utf8.allSatisfy(isDigit) else { return "\(ratio * 100)%" }
    let padded = parts[1].count < 2 ? parts[1] + "0" : parts[1]
    let whole = (parts[0] + padded.prefix(2)).drop { $0 == "0" }
    let fraction = padded.dropFirst(2)
    return "\(whole.isEmpty ? "0" : whole)\(fraction.isEmpty ? "" : ".\(fraction)")%"
  }

  /// Whether it keeps each of `total` visual tokens, so that no strategy is needed.
  public func isEverything(of total: Int) -> Bool {
    switch self {
    case .all: true
    case .adaptive: false
    case .count(let count): count == total
    case .ratio(let ratio): ratio == 1
    }
  }

  /// The same budget, after checking that it is possible on `total` visual tokens.
  public func validated(for total: Int) throws(PruningError) -> Budget {
    switch self {
    case .all, .adaptive: break
    case .count(let count):
      guard count > 0 else { throw .budgetNotPositive(description) }
      guard count <= total else { throw .budgetExceedsTotal(count: count, total: total) }
    case .ratio(let ratio):
      guard ratio.isFinite else { throw .malformedBudget(description) }
      guard ratio > 0 else { throw .budgetNotPositive(description) }
      guard ratio <= 1 else { throw .budgetAboveEverything(description) }
    }
    return self
  }

  /// What each view may keep: all of it where the method finds its own number. A count N gives int(N·n ÷ all tokens)
  /// to a view of n tokens, which is int(N ÷ views) where views are equal; a ratio R gives R·n, truncated unless
  /// `rounding` says otherwise.
  /// - Parameter tokens: unpruned tokens of each view.
  /// - Throws: `budgetTooSmall` when a view would keep nothing.
  public func shares(
    of tokens: [Int], rounding: FloatingPointRoundingRule = .towardZero
  ) throws(PruningError) -> [Int] {
    let total = tokens.reduce(0, +)
    let budget = try validated(for: total)
    let shares = tokens.map { tokens in
      switch budget {
      case .all, .adaptive: tokens
      case .count(let count): count * tokens / total
      case .ratio(let ratio): Int((ratio * Double(tokens)).rounded(rounding))
      }
    }
    guard shares.allSatisfy({ $0 > 0 }) else {
      let smallest = tokens.map { (total + $0 - 1) / $0 }.max() ?? 1
      throw .budgetTooSmall(self, smallest: smallest, views: tokens.count)
    }
    return shares
  }

  /// Kept ÷ `total` for methods that are defined by a ratio alone; a count is divided in double.
  public func keepRatio(of total: Int) -> Double {
    switch self {
    case .all, .adaptive: 1
    case .count(let count): Double(count) / Double(total)
    case .ratio(let ratio): ratio
    }
  }
}
