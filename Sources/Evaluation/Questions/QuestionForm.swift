import Basics

/// The forms of question files, told apart by their content.
enum QuestionForm {
  case lines
  case mme
  case scienceQA(JSONElements)
  case textVQA(JSONElements)
  case vqa(JSONValue, JSONElements)
  case gqa(JSONMembers)
  case vizWiz(JSONElements)
  case easyVQA(JSONElements)

  init(_ text: TextLines, file: String) throws(EvaluationError) {
    guard let first = text.makeIterator().next()?.bytes else { throw .noQuestions(file: file) }
    let start = first.first { $0 != 0x20 && $0 != 0x09 }
    guard start == UInt8(ascii: "{") || start == UInt8(ascii: "[") else {
      // MME's lines contain tabs; without them, the file is most likely a broken line of LLaVA's.
      self = first.contains(0x09) ? .mme : .lines
      return
    }
    let whole: JSONValue
    do { whole = try JSONValue(parsing: Array(text.content)) } catch {
      // Either one value per line or a truncated value: if the first line is complete, or has a question's key, it is
      // the former.
      guard (try? JSONValue(parsing: first)) != nil || Self.holdsKey(first) else {
        throw .malformedFile(file: file, reason: error.message)
      }
      self = .lines
      return
    }
    guard let form = Self(whole) else {
      throw .malformedFile(file: file, reason: "it is JSON of a form that is not known")
    }
    self = form
  }

  private init?(_ whole: JSONValue) {
    if let list = whole.elements {
      guard let first = list.first(where: { _ in true }) else {
        self = .vizWiz(list)
        return
      }
      if first.elements != nil {
        self = .easyVQA(list)
      } else if first["conversations"] != nil {
        self = .scienceQA(list)
      } else if first["image"] != nil, first["question"] != nil {
        self = .vizWiz(list)
      } else {
        return nil
      }
      return
    }
    guard let members = whole.members else { return nil }
    if whole["question_id"] != nil {
      self = .lines
    } else if let list = whole["data"]?.elements {
      self = .textVQA(list)
    } else if let list = whole["questions"]?.elements {
      self = .vqa(whole, list)
    } else if let first = members.first(where: { _ in true }), first.value["question"] != nil {
      self = .gqa(members)
    } else if whole["text"] != nil || whole["image"] != nil || whole["question"] != nil {
      self = .lines
    } else {
      return nil
    }
  }

  private static func holdsKey(_ line: [UInt8]) -> Bool {
    String(decoding: line, as: UTF8.self).contains("\"question_id\"")
  }

  /// - Returns: notes about what is not read.
  func read(
    _ text: TextLines, annotations: QuestionFile?, into collector: inout QuestionCollector
  ) throws(EvaluationError) -> [String] {
    switch self {
    case .lines: return try LLaVAQuestions.read(text, into: &collector)
    case .mme: try MMEQuestions.read(text, into: &collector)
    case .scienceQA(let list): try ScienceQAQuestions.read(list, into: &collector)
    case .textVQA(let list): try TextVQAQuestions.read(list, into: &collector)
    case .vqa(let root, let list): try VQAQuestions.read(root, list, annotations: annotations, into: &collector)
    case .gqa(let members): try GQAQuestions.read(members, into: &collector)
    case .vizWiz(let list): try VizWizQuestions.read(list, into: &collector)
    case .easyVQA(let list): try EasyVQAQuestions.read(list, into: &collector)
    }
    return []
  }
}
