/// The options of a strategy spec. A strategy's initialiser reads each of its own by name. Options that it leaves
/// unread are unknown, and the names that it reads are the list of valid names in an error, which is written nowhere
/// else.
public struct StrategyOptions: Sendable {
  private let strategy: String
  private var unread: [(name: String, value: String)]
  private var known: [String] = []

  /// Takes the options as written.
  /// - Throws: `duplicateOption`.
  public init(strategy: String, written: [(name: String, value: String)]) throws(PruningError) {
    var seen = Set<String>()
    for option in written where !seen.insert(option.name).inserted {
      throw .duplicateOption(option.name, strategy: strategy)
    }
    self.strategy = strategy
    unread = written
  }

  /// No options: every default.
  public init(strategy: String) {
    self.strategy = strategy
    unread = []
  }

  /// A finite decimal number in `range`.
  public mutating func number(
    _ name: String, default fallback: Double, in range: ClosedRange<Double>
  ) throws(PruningError) -> Double {
    guard let text = take(name) else { return fallback }
    guard text.allSatisfy({ "0123456789.-+eE".contains($0) }), let value = Double(text), range.contains(value) else {
      let limits = "from \(spelled(range.lowerBound)) to \(spelled(range.upperBound))"
      throw .invalidOption(name, value: text, strategy: strategy, expected: "a number \(limits)")
    }
    return value
  }

  /// An integer in `range`; nil when it is not given.
  public mutating func optionalInteger(_ name: String, in range: ClosedRange<Int>) throws(PruningError) -> Int? {
    guard let text = take(name) else { return nil }
    guard text.utf8.allSatisfy(Self.isDigit), let value = Int(text), range.contains(value) else {
      throw .invalidOption(
        name, value: text, strategy: strategy, expected: "a number from \(range.lowerBound) to \(range.upperBound)")
    }
    return value
  }

  /// An integer in `range`.
  public mutating func integer(
    _ name: String, default fallback: Int, in range: ClosedRange<Int>
  ) throws(PruningError) -> Int {
    try optionalInteger(name, in: range) ?? fallback
  }

  /// Rising block numbers, "8/16/24"; nil when they are not given, or "auto".
  /// - Parameters:
  ///   - least: the smallest number.
  ///   - count: how many there must be; nil: any.
  public mutating func blocks(_ name: String, from least: Int, count: Int? = nil) throws(PruningError) -> [Int]? {
    guard let text = take(name), text != "auto" else { return nil }
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    let numbers = parts.compactMap { $0.utf8.allSatisfy(Self.isDigit) ? Int($0) : nil }
    guard numbers.count == parts.count, count == nil || numbers.count == count, (numbers.first ?? -1) >= least,
      zip(numbers, numbers.dropFirst()).allSatisfy(<)
    else {
      throw .invalidOption(
        name, value: text, strategy: strategy,
        expected: "auto, or \(count.map { "\($0) " } ?? "")rising block numbers from \(least), such as 8/16/24")
    }
    return numbers
  }

  private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

  /// The number of a block, negative ones counting from the end; nil when it is not given.
  public mutating func layer(_ name: String) throws(PruningError) -> Int? {
    guard let text = take(name) else { return nil }
    guard let value = Int(text), !text.hasPrefix("+") else {
      throw .invalidOption(name, value: text, strategy: strategy, expected: "the number of a block")
    }
    return value
  }

  /// One of a few words; nil when it is not given.
  public mutating func choice<Choice: RawRepresentable & CaseIterable>(
    _ name: String, of type: Choice.Type
  ) throws(PruningError) -> Choice? where Choice.RawValue == String {
    guard let text = take(name) else { return nil }
    guard let choice = Choice(rawValue: text) else {
      let words = Choice.allCases.map(\.rawValue).joined(separator: " or ")
      throw .invalidOption(name, value: text, strategy: strategy, expected: words)
    }
    return choice
  }

  /// Refuses options that were not read.
  public func checkAllRead() throws(PruningError) {
    if let first = unread.first { throw .unknownOption(first.name, strategy: strategy, valid: known) }
  }

  private mutating func take(_ name: String) -> String? {
    known.append(name)
    guard let index = unread.firstIndex(where: { $0.name == name }) else { return nil }
    return unread.remove(at: index).value
  }
}

/// A number as a spec writes it: without a fraction where there is none.
public func spelled(_ number: Double) -> String {
  number == number.rounded() && abs(number) < 1e15 ? "\(Int(number))" : "\(number)"
}
