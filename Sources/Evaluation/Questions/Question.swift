import Basics
import Checkpoint

/// One question of a question file, in LLaVA's JSONL form with the right answer beside it.
public struct Question: Sendable, Hashable {
  /// `question_id`: a number, or a string.
  public enum Identifier: Sendable, Hashable, CustomStringConvertible {
    case number(Int)
    case name(String)

    public var description: String {
      switch self {
      case .number(let number): "\(number)"
      case .name(let name): name
      }
    }
  }

  public let identifier: Identifier
  /// Relative to the folder of images.
  public let image: String
  public let text: String
  public let category: String?
  /// Right answers; any of them is right.
  public let answers: [String]
}

extension Question {
  /// Reads one JSON object a line; blank lines are skipped.
  /// - Parameters:
  ///   - bytes: the file's content.
  ///   - path: how to name it in errors.
  /// - Throws: `EvaluationError`, naming the line.
  public static func read(_ bytes: [UInt8], file path: String) throws(EvaluationError) -> [Question] {
    var questions: [Question] = []
    var seen: Set<Identifier> = []
    // A byte-order mark is no part of the first line.
    let content = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? bytes.dropFirst(3) : bytes[...]
    let lines = content.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    for (index, bytes) in lines.enumerated() {
      if bytes.allSatisfy({ [0x20, 0x09, 0x0D].contains($0) }) { continue }
      let question = try Question([UInt8](bytes), file: path, line: index + 1)
      guard seen.insert(question.identifier).inserted else {
        throw .duplicateIdentifier(question.identifier.description, file: path, line: index + 1)
      }
      questions.append(question)
    }
    guard !questions.isEmpty else { throw .noQuestions(file: path) }
    return questions
  }

  init(_ line: [UInt8], file: String, line number: Int) throws(EvaluationError) {
    func wrong(_ reason: String) -> EvaluationError { .malformedQuestion(file: file, line: number, reason: reason) }
    let json: JSONValue
    do { json = try JSONValue(parsing: line) } catch { throw wrong(error.message) }
    if let integer = json["question_id"]?.integer {
      identifier = .number(integer)
    } else if let name = json["question_id"]?.string {
      identifier = .name(name)
    } else {
      throw wrong("it has no question_id")
    }
    guard let image = json["image"]?.string, !image.isEmpty else { throw wrong("it has no image") }
    guard let text = json["text"]?.string, text.contains(where: { !$0.isWhitespace }) else {
      throw wrong("it has no text")
    }
    self.image = image
    self.text = text
    category = json["category"]?.string
    if let list = json["answers"]?.elements {
      let texts = list.map(\.string)
      guard texts.allSatisfy({ $0 != nil }) else { throw wrong("its answers are not strings") }
      answers = texts.compactMap { $0 }
    } else {
      answers = json["answer"]?.string.map { [$0] } ?? []
    }
    guard !answers.isEmpty else { throw wrong("it has no answer to compare with") }
  }
}
