import Basics

/// One object of a question file, and its place there.
struct QuestionRecord {
  enum Place: Sendable, Hashable {
    /// Lines and entries count from 1.
    case line(Int)
    case entry(Int)
    /// The key of a question in an object of questions.
    case key(String)
  }

  let json: JSONValue
  let file: String
  let place: Place

  func wrong(_ reason: String) -> EvaluationError {
    switch place {
    case .line(let number): .malformedQuestion(file: file, line: number, reason: reason)
    case .entry(let number): .malformedEntry(file: file, place: "entry \(number)", reason: reason)
    case .key(let key): .malformedEntry(file: file, place: "question \(key)", reason: reason)
    }
  }

  /// The value of a key; nil if it is absent or null.
  func value(_ key: String) -> JSONValue? { json[key].flatMap { $0.isNull ? nil : $0 } }

  func required(_ key: String) throws(EvaluationError) -> JSONValue {
    guard json.members != nil else { throw wrong("it is \(json.kind), expected an object") }
    guard let value = value(key) else { throw wrong("it has no \(key)") }
    return value
  }

  func wrongKind(_ key: String, _ found: JSONValue, expected: String) -> EvaluationError {
    wrong("its \(key) is \(found.kind), expected \(expected)")
  }

  /// A required string with more in it than white space.
  func text(_ key: String) throws(EvaluationError) -> String {
    let value = try required(key)
    guard let text = value.string else { throw wrongKind(key, value, expected: "a string") }
    guard text.contains(where: { !$0.isWhitespace }) else { throw wrong("its \(key) is empty") }
    return text
  }

  func optionalText(_ key: String) throws(EvaluationError) -> String? {
    guard let value = value(key) else { return nil }
    guard let text = value.string else { throw wrongKind(key, value, expected: "a string") }
    return text
  }

  func identifier(_ key: String = "question_id") throws(EvaluationError) -> Question.Identifier {
    let value = try required(key)
    if let number = value.integer { return .number(number) }
    if let name = value.string, !name.isEmpty { return .name(name) }
    throw wrongKind(key, value, expected: "an integer or a string")
  }

  /// An identifier, written as in a file name.
  func fileName(_ key: String) throws(EvaluationError) -> String {
    if let number = value(key)?.integer { return "\(number)" }
    return try text(key)
  }

  /// A list of strings, or of objects {"answer": …} as in VQA; nil if the key is absent.
  func texts(_ key: String) throws(EvaluationError) -> [String]? {
    guard let value = value(key) else { return nil }
    guard let elements = value.elements else { throw wrongKind(key, value, expected: "a list of strings") }
    var texts: [String] = []
    for element in elements {
      guard let text = element.string ?? element["answer"]?.string else {
        throw wrong("its \(key) are not strings")
      }
      texts.append(text)
    }
    return texts
  }
}
