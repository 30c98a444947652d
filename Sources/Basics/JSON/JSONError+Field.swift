extension JSONError: JSONFieldFailure {
  public static func field(_ key: String, found: JSONFinding?, expected: String, file: String) -> JSONError {
    guard let found else { return .missing(key: key) }
    return .wrongKind(key: key, expected: expected, found: found.kind.map { "\($0)" } ?? found.description)
  }
}
