/// What a module throws where a member of a JSON object is not what it needs. The reader hands over the facts; the
/// wording is the module's.
public protocol JSONFieldFailure: Error {
  /// - Parameters:
  ///   - key: its path from the outermost object, "vision_config.hidden_size"; empty: that object itself.
  ///   - found: nil where the key is absent.
  ///   - file: what was read.
  static func field(_ key: String, found: JSONFinding?, expected: String, file: String) -> Self
}

/// A value that cannot be used, for an error.
public struct JSONFinding: Sendable, CustomStringConvertible {
  /// Nil where it stands for several values, or for what was made of one.
  public let kind: JSONKind?
  /// A string in quotes, a number, or the kind of anything else.
  public let description: String

  init(_ value: JSONValue) {
    kind = value.kind
    let number = value.integer.map { "\($0)" } ?? value.number.map { "\($0)" }
    description = value.string.map { "\"\($0)\"" } ?? number ?? "\(value.kind)"
  }

  init(description: String) {
    kind = nil
    self.description = description
  }
}

/// Typed, checked access to one object of a JSON file: the one way in which modules read theirs. Members with a default
/// may be absent or null, since published files are sparse; others must be there.
public struct JSONReader<Failure: JSONFieldFailure>: Sendable {
  /// What is read, for errors.
  public let file: String
  private let value: JSONValue?
  private let path: String

  /// - Throws: where `value` is no object.
  public init(_ value: JSONValue, file: String) throws(Failure) {
    guard value.kind == .object else {
      throw .field("", found: JSONFinding(value), expected: "an object", file: file)
    }
    self.init(value: value, path: "", file: file)
  }

  private init(value: JSONValue?, path: String, file: String) {
    self.value = value
    self.path = path
    self.file = file
  }

  /// An object inside this one; an absent one reads as empty.
  public func section(_ key: String) throws(Failure) -> JSONReader {
    let inner = present(key)
    if let inner, inner.kind != .object { throw unusable(key, inner, "an object") }
    return JSONReader(value: inner, path: "\(path)\(key).", file: file)
  }

  /// Whether the object itself is there.
  public var exists: Bool { value != nil }

  /// Whether the key is there and not null.
  public func has(_ key: String) -> Bool { present(key) != nil }

  /// The value of a key that is there and not null.
  public func present(_ key: String) -> JSONValue? {
    guard let found = value?[key], !found.isNull else { return nil }
    return found
  }

  /// Whether the key is there and null.
  public func isNull(_ key: String) -> Bool { value?[key]?.isNull == true }

  /// The value of a key that must be there.
  public func required(_ key: String) throws(Failure) -> JSONValue {
    guard let found = value?[key] else {
      throw .field(path + key, found: nil, expected: "a value", file: file)
    }
    return found
  }

  /// The error of a value that cannot be used.
  public func unusable(_ key: String, _ found: JSONValue, _ expected: String) -> Failure {
    .field(path + key, found: JSONFinding(found), expected: expected, file: file)
  }

  /// The error of what was made of a value.
  public func error(_ key: String, found: String, expected: String) -> Failure {
    .field(path + key, found: JSONFinding(description: found), expected: expected, file: file)
  }
}
