/// What can be wrong with a JSON text, or with what a reader expected to find in it.
public enum JSONError: Error, Sendable, Hashable {
  /// The grammar is broken at this byte.
  case syntax(String, offset: Int)
  /// A byte that is not UTF-8.
  case notUTF8(offset: Int)
  /// A key that its object already has: one of the two values would be lost.
  case duplicateKey(String, offset: Int)
  /// More arrays and objects inside each other than the reader allows.
  case tooDeep(limit: Int, offset: Int)
  /// A number that no finite double holds.
  case numberOutOfRange(offset: Int)
  /// More bytes than the reader can address.
  case tooLarge(bytes: Int)
  /// An object lacks a key that its reader needs.
  case missing(key: String)
  /// A value of another kind than its reader needs.
  case wrongKind(key: String, expected: String, found: String)

  /// One line: what is wrong, and where.
  public var message: String {
    switch self {
    case .syntax(let problem, let offset): "invalid JSON at byte \(offset): \(problem)"
    case .notUTF8(let offset): "invalid JSON at byte \(offset): not UTF-8"
    case .duplicateKey(let key, let offset): "invalid JSON at byte \(offset): key \"\(key)\" occurs twice"
    case .tooDeep(let limit, let offset): "invalid JSON at byte \(offset): nested deeper than \(limit)"
    case .numberOutOfRange(let offset): "invalid JSON at byte \(offset): number too large"
    case .tooLarge(let bytes): "a JSON text of \(bytes) bytes is too large to read"
    case .missing(let key): "JSON object lacks \"\(key)\""
    case .wrongKind("", let expected, let found): "JSON is \(found), expected \(expected)"
    case .wrongKind(let key, let expected, let found): "JSON \"\(key)\" is \(found), expected \(expected)"
    }
  }

  /// One line: what to do about it.
  public var hint: String {
    switch self {
    case .syntax, .notUTF8, .tooLarge:
      "the file is damaged, cut off or not JSON: download it again"
    case .duplicateKey, .tooDeep, .numberOutOfRange:
      "no writer of model files produces this: check where the file comes from"
    case .missing, .wrongKind:
      "check that the file belongs to this model and this version of its format"
    }
  }
}
