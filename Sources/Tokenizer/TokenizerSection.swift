import Basics

/// A JSON object of the file with the name of its place there, so that errors can name it.
struct TokenizerSection {
  let name: String
  let value: JSONValue

  init(_ name: String, _ value: JSONValue) {
    self.name = name
    self.value = value
  }

  /// The member `type`, which tells the parts of the file apart.
  var type: String {
    get throws(TokenizerError) { try string("type") }
  }

  func invalid(_ problem: String) -> TokenizerError { .invalid(section: name, problem: problem) }

  func unsupported(_ feature: String) -> TokenizerError { .unsupported(section: name, feature: feature) }

  func string(_ key: String) throws(TokenizerError) -> String {
    do { return try value.string(key) } catch { throw invalid(error.message) }
  }

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

  func integer(_ key: String) throws(TokenizerError) -> Int {
    do { return try value.integer(key) } catch { throw invalid(error.message) }
  }

  func boolean(_ key: String) throws(TokenizerError) -> Bool {
    do { return try value.boolean(key) } catch { throw invalid(error.message) }
  }

  /// The value of a flag; an absent one has its default.
  func boolean(_ key: String, default fallback: Bool) throws(TokenizerError) -> Bool {
    do { return try value.optionalBoolean(key) ?? fallback } catch { throw invalid(error.message) }
  }

  func optionalString(_ key: String) throws(TokenizerError) -> String? {
    do { return try value.optionalString(key) } catch { throw invalid(error.message) }
  }

  func optionalNumber(_ key: String) throws(TokenizerError) -> Double? {
    do { return try value.optionalNumber(key) } catch { throw invalid(error.message) }
  }

  func members(_ key: String) throws(TokenizerError) -> JSONMembers {
    do { return try value.members(key) } catch { throw invalid(error.message) }
  }

  func elements(_ key: String) throws(TokenizerError) -> JSONElements {
    do { return try value.elements(key) } catch { throw invalid(error.message) }
  }

  /// An array that holds only integers.
  func integers(_ key: String) throws(TokenizerError) -> [Int] {
    let elements = try elements(key)
    let integers = elements.compactMap(\.integer)
    guard integers.count == elements.count else { throw invalid("\"\(key)\" holds something that is no integer") }
    return integers
  }

  /// The objects in an array, as parts of this section.
  func parts(_ key: String) throws(TokenizerError) -> [TokenizerSection] {
    try elements(key).map { TokenizerSection(name, $0) }
  }

  func required(_ key: String) throws(TokenizerError) -> JSONValue {
    do { return try value.required(key) } catch { throw invalid(error.message) }
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
