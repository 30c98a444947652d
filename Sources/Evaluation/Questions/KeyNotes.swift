import Basics

/// Reports the keys of a question file that are not read, so that a mistyped key does not go unnoticed.
struct KeyNotes {
  private var found: [String: (first: Int, count: Int)] = [:]
  private var order: [String] = []

  /// Keys that are read.
  private static let read = ["question_id", "image", "text", "answer", "answers", "options", "category", "label"]
  /// Further keys of published files, none of which changes a score.
  private static let published: Set<String> = [
    "answer_id", "answer_type", "answerable", "caption", "conversations", "data_type", "dataset", "height", "hint",
    "id", "image_classes", "image_height", "image_id", "image_width", "index", "l2-category", "metadata", "model_id",
    "ocr_tokens", "prompt", "question", "question_type", "question_type_id", "set_name", "source", "split", "type",
    "width",
  ]

  /// - Throws: if a key is nearly one that is read.
  mutating func check(_ record: QuestionRecord, line: Int) throws(EvaluationError) {
    for member in record.json.members.map(Array.init) ?? [] {
      let key = member.name
      if Self.read.contains(key) || Self.published.contains(key) { continue }
      if let near = Self.read.first(where: { isNear(key, $0) }) {
        throw record.wrong("it has the key \"\(key)\", expected \"\(near)\"")
      }
      if found[key] == nil { order.append(key) }
      found[key] = (found[key]?.first ?? line, (found[key]?.count ?? 0) + 1)
    }
  }

  func notes(file: String) -> [String] {
    order.compactMap { key in
      found[key].map { first, count in
        let more = count > 1 ? " and \(count - 1) more" : ""
        return "\(file): key \"\(key)\" is not read (line \(first)\(more))"
      }
    }
  }

  /// One letter off, or the same letters with different case or separators.
  private func isNear(_ key: String, _ known: String) -> Bool {
    let letters = Self.letters(key)
    let expected = Self.letters(known)
    return EditDistance.between(letters, expected) <= 1
  }

  private static func letters(_ key: String) -> [Unicode.Scalar] {
    key.lowercased().unicodeScalars.filter { !"-_ ".unicodeScalars.contains($0) }
  }
}
