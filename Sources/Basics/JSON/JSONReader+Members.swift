extension JSONReader {
  /// The integer of a key that must be there.
  public func integer(_ key: String) throws(Failure) -> Int { try read(key, "an integer", \.integer) }

  /// The boolean of a key that must be there.
  public func boolean(_ key: String) throws(Failure) -> Bool { try read(key, "a boolean", \.boolean) }

  /// The string of a key that must be there.
  public func string(_ key: String) throws(Failure) -> String { try read(key, "a string", \.string) }

  /// The array of a key that must be there.
  public func elements(_ key: String) throws(Failure) -> JSONElements { try read(key, "an array", \.elements) }

  /// The object of a key that must be there.
  public func members(_ key: String) throws(Failure) -> JSONMembers { try read(key, "an object", \.members) }

  /// As `integer(_:)`, but nil where the key is absent or null.
  public func optionalInteger(_ key: String) throws(Failure) -> Int? { try readOptional(key, "an integer", \.integer) }

  /// The number (integer or not), or nil where the key is absent or null.
  public func optionalNumber(_ key: String) throws(Failure) -> Double? { try readOptional(key, "a number", \.number) }

  /// As `boolean(_:)`, but nil where the key is absent or null.
  public func optionalBoolean(_ key: String) throws(Failure) -> Bool? { try readOptional(key, "a boolean", \.boolean) }

  /// As `string(_:)`, but nil where the key is absent or null.
  public func optionalString(_ key: String) throws(Failure) -> String? { try readOptional(key, "a string", \.string) }

  private func read<Value>(
    _ key: String, _ expected: String, _ get: (JSONValue) -> Value?
  ) throws(Failure) -> Value {
    let value = try required(key)
    guard let result = get(value) else { throw unusable(key, value, expected) }
    return result
  }

  private func readOptional<Value>(
    _ key: String, _ expected: String, _ get: (JSONValue) -> Value?
  ) throws(Failure) -> Value? {
    guard let value = present(key) else { return nil }
    guard let result = get(value) else { throw unusable(key, value, expected) }
    return result
  }
}
