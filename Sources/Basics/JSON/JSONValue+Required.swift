extension JSONValue {
  /// The value of a key that must be there. Throws `JSONError.missing`.
  public func required(_ key: String) throws(JSONError) -> JSONValue {
    guard kind == .object else { throw .wrongKind(key: key, expected: "a member of an object", found: kind) }
    guard let value = self[key] else { throw .missing(key: key) }
    return value
  }

  /// The integer of a key that must be there. Throws `JSONError.missing` or `.wrongKind`.
  public func integer(_ key: String) throws(JSONError) -> Int { try read(key, "an integer", \.integer) }

  /// The number (integer or not) of a key that must be there. Throws `JSONError.missing` or `.wrongKind`.
  public func number(_ key: String) throws(JSONError) -> Double { try read(key, "a number", \.number) }

  /// The boolean of a key that must be there. Throws `JSONError.missing` or `.wrongKind`.
  public func boolean(_ key: String) throws(JSONError) -> Bool { try read(key, "a boolean", \.boolean) }

  /// The string of a key that must be there. Throws `JSONError.missing` or `.wrongKind`.
  public func string(_ key: String) throws(JSONError) -> String { try read(key, "a string", \.string) }

  /// The array of a key that must be there. Throws `JSONError.missing` or `.wrongKind`.
  public func elements(_ key: String) throws(JSONError) -> JSONElements { try read(key, "an array", \.elements) }

  /// The object of a key that must be there. Throws `JSONError.missing` or `.wrongKind`.
  public func members(_ key: String) throws(JSONError) -> JSONMembers { try read(key, "an object", \.members) }

  /// As `integer(_:)`, but nil where the key is absent or null.
  public func optionalInteger(_ key: String) throws(JSONError) -> Int? {
    try readOptional(key, "an integer", \.integer)
  }

  /// As `number(_:)`, but nil where the key is absent or null.
  public func optionalNumber(_ key: String) throws(JSONError) -> Double? { try readOptional(key, "a number", \.number) }

  /// As `boolean(_:)`, but nil where the key is absent or null.
  public func optionalBoolean(_ key: String) throws(JSONError) -> Bool? {
    try readOptional(key, "a boolean", \.boolean)
  }

  /// As `string(_:)`, but nil where the key is absent or null.
  public func optionalString(_ key: String) throws(JSONError) -> String? { try readOptional(key, "a string", \.string) }

  private func read<Value>(
    _ key: String, _ expected: String, _ get: (JSONValue) -> Value?
  ) throws(JSONError) -> Value {
    let value = try required(key)
    guard let result = get(value) else { throw .wrongKind(key: key, expected: expected, found: value.kind) }
    return result
  }

  private func readOptional<Value>(
    _ key: String, _ expected: String, _ get: (JSONValue) -> Value?
  ) throws(JSONError) -> Value? {
    guard let value = self[key], !value.isNull else { return nil }
    guard let result = get(value) else { throw .wrongKind(key: key, expected: expected, found: value.kind) }
    return result
  }
}
