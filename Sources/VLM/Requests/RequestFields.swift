import Basics

/// Reads the fields of an object that a program sent: `null` is as good as absent, and what is of another type than
/// expected is an error that names the field.
public struct RequestFields {
  private let object: JSONValue
  /// In front of the fields' names: "prune." inside of `prune`.
  private let prefix: String

  public init(_ object: JSONValue, prefix: String = "") {
    self.object = object
    self.prefix = prefix
  }

  public func value(_ key: String) -> JSONValue? { object[key].flatMap { $0.isNull ? nil : $0 } }

  public func text(_ key: String) throws(RequestError) -> String? { try read(key, "a text", \.string) }

  public func boolean(_ key: String) throws(RequestError) -> Bool? { try read(key, "true or false", \.boolean) }

  public func integer(_ key: String) throws(RequestError) -> Int? { try read(key, "an integer", \.integer) }

  /// An integer of at least 1.
  public func count(_ key: String) throws(RequestError) -> Int? {
    guard let count = try integer(key) else { return nil }
    guard count >= 1 else { throw wrong(key, "is \(count), expected at least 1") }
    return count
  }

  public func number(_ key: String, _ range: ClosedRange<Double>) throws(RequestError) -> Double? {
    guard let number = try read(key, "a number", \.number) else { return nil }
    guard range.contains(number) else {
      throw wrong(key, "is \(number), expected \(range.lowerBound) to \(range.upperBound)")
    }
    return number
  }

  /// What `--keep` takes, as a text or a number. The number 1 is refused: programs write the share 1.0 and the count 1
  /// alike.
  public func budget(_ key: String) throws(RequestError) -> String? {
    guard let value = value(key) else { return nil }
    if let text = value.string { return text }
    guard value.number != 1 else {
      throw RequestError(
        "\(prefix)\(key) is the number 1, which may mean everything or one token",
        hint: "write \"all\", or \"1\" as a text for one token", parameter: prefix + key)
    }
    if let integer = value.integer { return "\(integer)" }
    guard let number = value.number else { throw wrongKind(key, "a number or a text", value) }
    return "\(number)"
  }

  /// A text or a list of texts.
  public func texts(_ key: String) throws(RequestError) -> [String] {
    guard let value = value(key) else { return [] }
    if let text = value.string { return [text] }
    guard let elements = value.elements else { throw wrongKind(key, "a text or a list of texts", value) }
    return try elements.map { (element) throws(RequestError) in
      guard let text = element.string else { throw wrongKind(key, "a list of texts", element) }
      return text
    }
  }

  public func object(_ key: String) throws(RequestError) -> RequestFields? {
    guard let value = value(key) else { return nil }
    guard value.kind == .object else { throw wrongKind(key, "an object", value) }
    return RequestFields(value, prefix: "\(prefix)\(key).")
  }

  public func wrong(_ key: String, _ reason: String) -> RequestError {
    RequestError("\(prefix)\(key) \(reason)", hint: "correct \(prefix)\(key), or leave it out", parameter: prefix + key)
  }

  private func read<Value>(
    _ key: String, _ expected: String, _ get: (JSONValue) -> Value?
  ) throws(RequestError) -> Value? {
    guard let value = value(key) else { return nil }
    guard let result = get(value) else { throw wrongKind(key, expected, value) }
    return result
  }

  private func wrongKind(_ key: String, _ expected: String, _ found: JSONValue) -> RequestError {
    wrong(key, "is \(found.kind), expected \(expected)")
  }
}
