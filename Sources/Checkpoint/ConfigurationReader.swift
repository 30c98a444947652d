import Basics

/// Typed, checked access to one object of a checkpoint's config.json. An absent key, or null, takes the default of
/// transformers' configuration class, because published files are sparse.
public struct ConfigurationReader: Sendable {
  public let file: String
  private let value: JSONValue?
  private let path: String

  public init(_ value: JSONValue, file: String) throws(CheckpointError) {
    guard value.kind == .object else {
      throw .configurationKey(key: "", found: "\(value.kind)", expected: "an object", file: file)
    }
    self.init(value: value, path: "", file: file)
  }

  private init(value: JSONValue?, path: String, file: String) {
    self.value = value
    self.path = path
    self.file = file
  }

  /// An object inside this one; an absent one reads as empty.
  public func section(_ key: String) throws(CheckpointError) -> ConfigurationReader {
    let inner = present(key)
    if let inner, inner.kind != .object { throw wrong(key, inner, "an object") }
    return ConfigurationReader(value: inner, path: "\(path)\(key).", file: file)
  }

  /// Whether the object itself is present.
  public var exists: Bool { value != nil }

  public func has(_ key: String) -> Bool { present(key) != nil }

  /// A whole number in `range`.
  public func integer(_ key: String, default fallback: Int, in range: ClosedRange<Int>) throws(CheckpointError) -> Int {
    guard let found = present(key) else { return fallback }
    guard let number = found.integer, range.contains(number) else {
      throw wrong(key, found, "a whole number from \(range.lowerBound) to \(range.upperBound)")
    }
    return number
  }

  /// A whole number in `range`, or none where the file says null.
  public func optionalInteger(
    _ key: String, default fallback: Int?, in range: ClosedRange<Int>
  ) throws(CheckpointError) -> Int? {
    if value?[key]?.isNull == true { return nil }
    return try has(key) ? integer(key, default: 0, in: range) : fallback
  }

  /// The first of several spellings that is present.
  public func integer(_ keys: [String], default fallback: Int, in range: ClosedRange<Int>) throws(CheckpointError)
    -> Int
  {
    for key in keys where has(key) { return try integer(key, default: fallback, in: range) }
    return fallback
  }

  public func number(_ key: String, default fallback: Double, above minimum: Double = 0) throws(CheckpointError)
    -> Double
  {
    guard let found = present(key) else { return fallback }
    guard let number = found.number, number > minimum, number.isFinite else {
      throw wrong(key, found, "a number above \(minimum)")
    }
    return number
  }

  public func boolean(_ key: String, default fallback: Bool) throws(CheckpointError) -> Bool {
    guard let found = present(key) else { return fallback }
    guard let boolean = found.boolean else { throw wrong(key, found, "true or false") }
    return boolean
  }

  public func string(_ key: String, default fallback: String) throws(CheckpointError) -> String {
    guard let found = present(key) else { return fallback }
    guard let string = found.string else { throw wrong(key, found, "a string") }
    return string
  }

  /// A whole number, or a list of them.
  public func integers(_ key: String, default fallback: [Int]) throws(CheckpointError) -> [Int] {
    guard let found = present(key) else { return fallback }
    if let single = found.integer { return [single] }
    let list = found.elements.map { $0.map(\.integer) } ?? []
    let numbers = list.compactMap { $0 }
    guard !numbers.isEmpty, numbers.count == list.count else {
      throw wrong(key, found, "a whole number or a list of them")
    }
    return numbers
  }

  /// A list of lists of whole numbers.
  public func lists(_ key: String, default fallback: [[Int]]) throws(CheckpointError) -> [[Int]] {
    guard let found = present(key) else { return fallback }
    let lists = found.elements?.map { list in list.elements.map { $0.map(\.integer) } ?? [] } ?? []
    let numbers = lists.map { $0.compactMap { $0 } }
    guard !numbers.isEmpty, zip(lists, numbers).allSatisfy({ $0.count == $1.count && !$1.isEmpty }) else {
      throw wrong(key, found, "a list of lists of whole numbers")
    }
    return numbers
  }

  public func error(_ key: String, found: String, expected: String) -> CheckpointError {
    .configurationKey(key: path + key, found: found, expected: expected, file: file)
  }

  private func present(_ key: String) -> JSONValue? {
    guard let found = value?[key], !found.isNull else { return nil }
    return found
  }

  private func wrong(_ key: String, _ found: JSONValue, _ expected: String) -> CheckpointError {
    let number = found.integer.map { "\($0)" } ?? found.number.map { "\($0)" }
    let shown = found.string.map { "\"\($0)\"" } ?? number ?? "\(found.kind)"
    return error(key, found: shown, expected: expected)
  }
}
