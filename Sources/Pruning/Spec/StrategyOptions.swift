/// The options of a strategy spec, as written. A strategy's initialiser reads each of its declared options; what it
/// leaves unread is unknown, and the names that it reads are the list of valid names in an error.
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

  /// The option's value, or its default.
  /// - Throws: `invalidOption`.
  public mutating func value<Value>(_ option: StrategyOption<Value>) throws(PruningError) -> Value {
    guard let value = try value(ifGiven: option) ?? option.standard else {
      preconditionFailure("\(option.name) has a default, or is read only if it is given")
    }
    return value
  }

  /// The option's value; nil when it is not given.
  /// - Throws: `invalidOption`.
  public mutating func value<Value>(ifGiven option: StrategyOption<Value>) throws(PruningError) -> Value? {
    known.append(option.name)
    guard let index = unread.firstIndex(where: { $0.name == option.name }) else { return nil }
    let text = unread.remove(at: index).value
    guard let value = option.parse(text) else {
      let range = option.description.range
      let expected =
        switch option.description.type {
        case "number": "a number \(range)"
        case "integer": "a whole number \(range)"
        case "block": "the number of a block"
        default: range
        }
      throw .invalidOption(option.name, value: text, strategy: strategy, expected: expected)
    }
    return value
  }

  /// Refuses options that were not read.
  public func checkAllRead() throws(PruningError) {
    if let first = unread.first { throw .unknownOption(first.name, strategy: strategy, valid: known) }
  }
}
