import Basics

/// A file's content, and its name for errors.
public struct QuestionFile: Sendable {
  public let name: String
  public let bytes: [UInt8]

  public init(name: String, bytes: [UInt8]) {
    self.name = name
    self.bytes = bytes
  }
}

/// Files that consist of one JSON value.
enum JSONFile {
  static func value(_ text: TextLines, file: String) throws(EvaluationError) -> JSONValue {
    do { return try JSONValue(parsing: Array(text.content)) } catch {
      throw .malformedFile(file: file, reason: error.message)
    }
  }
}
