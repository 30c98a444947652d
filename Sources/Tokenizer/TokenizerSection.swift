import Basics

/// A JSON object of tokenizer.json. Its `file` is the section's name, so that an error can name both.
typealias TokenizerSection = JSONReader<TokenizerError>

extension TokenizerError: JSONFieldFailure {
  public static func field(_ key: String, found: JSONFinding?, expected: String, file: String) -> TokenizerError {
    .invalid(section: file, problem: JSONError.field(key, found: found, expected: expected, file: file).message)
  }
}

extension TokenizerSection {
  /// - Parameter name: of the section.
  init(_ name: String, _ value: JSONValue) throws(TokenizerError) { try self.init(value, file: name) }

  /// The section's name.
  var name: String { file }

  /// The member `type`, which tells the parts of the file apart.
  var type: String {
    get throws(TokenizerError) { try string("type") }
  }

  func invalid(_ problem: String) -> TokenizerError { .invalid(section: name, problem: problem) }

  func unsupported(_ feature: String) -> TokenizerError { .unsupported(section: name, feature: feature) }

  func utf8(_ key: String) throws(TokenizerError) -> [UInt8] { try Array(string(key).utf8) }

  /// A string that must not be empty.
  func nonEmptyUTF8(_ key: String) throws(TokenizerError) -> [UInt8] {
    let text = try utf8(key)
    guard !text.isEmpty else { throw invalid("\"\(key)\" is empty") }
    return text
  }

  /// A string of one character.
  func character(_ key: String) throws(TokenizerError) -> [UInt8] {
    let text = try nonEmptyUTF8(key)
    guard text.count == UTF8Text.length(from: text[0]) else { throw invalid("\"\(key)\" is not one character") }
    return text
  }

  /// An array of nothing but integers.
  func integers(_ key: String) throws(TokenizerError) -> [Int] {
    let elements = try elements(key)
    let integers = elements.compactMap(\.integer)
    guard integers.count == elements.count else { throw invalid("\"\(key)\" holds something that is no integer") }
    return integers
  }

  /// The objects in an array, as parts of this section.
  func parts(_ key: String) throws(TokenizerError) -> [TokenizerSection] {
    var parts: [TokenizerSection] = []
    for element in try elements(key) { parts.append(try TokenizerSection(name, element)) }
    return parts
  }

  /// A pattern given as `{"String": …}`; nil if it is a `{"Regex": …}`.
  func literalPattern() throws(TokenizerError) -> [UInt8]? {
    let pattern = try required("pattern")
    guard let literal = pattern["String"]?.utf8 else { return nil }
    guard !literal.isEmpty else { throw invalid("a pattern is empty") }
    return Array(literal)
  }

  /// A pattern given as `{"Regex": …}`.
  func expression() throws(TokenizerError) -> String {
    guard let expression = try required("pattern")["Regex"]?.string else { throw invalid("a pattern is missing") }
    return expression
  }
}
