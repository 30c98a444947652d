import Basics

extension RunRow {
  /// Reads one JSON object per line and passes each on with its line number; blank lines are skipped.
  /// - Parameters:
  ///   - bytes: the file's content, UTF-8.
  ///   - path: the file's name in errors.
  /// - Throws: `EvaluationError.malformedRow`, naming line and key, and what `body` throws.
  public static func read(
    _ bytes: [UInt8], file path: String, _ body: (RunRow, Int) throws(EvaluationError) -> Void
  ) throws(EvaluationError) {
    // A byte-order mark is not part of the first line.
    var start = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
    var number = 0
    while start < bytes.count {
      let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
      number += 1
      let line = bytes[start..<end]
      start = end + 1
      if line.allSatisfy({ [0x20, 0x09, 0x0D].contains($0) }) { continue }
      try body(try RunRow(parsing: line, file: path, line: number), number)
    }
  }

  /// Reads one line and ignores unknown keys.
  /// - Throws: `EvaluationError.malformedRow`.
  public init(parsing line: ArraySlice<UInt8>, file: String, line number: Int) throws(EvaluationError) {
    let fields: RowFields
    do { fields = try RowFields(try JSONValue(parsing: Array(line))) } catch {
      throw .malformedRow(file: file, line: number, reason: error.message)
    }
    do {
      self.init(
        question: try fields.identifier(), image: try fields.text("image"), category: try fields.text("category"),
        strategy: try fields.required("strategy"), keep: try fields.budget(), kept: try fields.count("kept"),
        visualTokens: try fields.count("visual_tokens"), answer: try fields.text("answer"),
        correct: try fields.grade(), error: try fields.failure(), times: try fields.times())
    } catch { throw .malformedRow(file: file, line: number, reason: error.reason) }
  }
}

/// Why a line is not a row.
private struct RowFault: Error {
  let reason: String
}

/// One row's object, read key by key. A key whose value is null counts as absent.
private struct RowFields {
  private let object: JSONValue

  init(_ json: JSONValue) throws(JSONError) {
    guard json.kind == .object else { throw .wrongKind(key: "row", expected: "an object", found: "\(json.kind)") }
    object = json
  }

  private subscript(key: String) -> JSONValue? { object[key].flatMap { $0.isNull ? nil : $0 } }

  private func wrong(_ key: String, _ expected: String) -> RowFault {
    RowFault(reason: object[key] == nil ? "it has no \(key)" : "its \(key) is not \(expected)")
  }

  func identifier() throws(RowFault) -> Question.Identifier {
    let value = self["question_id"]
    if let number = value?.integer { return .number(number) }
    if let number = value?.number.flatMap({ Int(exactly: $0) }) { return .number(number) }
    if let name = value?.string { return .name(name) }
    throw wrong("question_id", "a whole number or a text")
  }

  func text(_ key: String) throws(RowFault) -> String? {
    guard let value = self[key] else { return nil }
    guard let text = value.string else { throw wrong(key, "a text") }
    return text
  }

  func required(_ key: String) throws(RowFault) -> String {
    guard let text = self[key]?.string, !text.isEmpty else { throw wrong(key, "a text") }
    return text
  }

  /// A budget is a string, or a number: some programs write 64 and 0.25.
  func budget() throws(RowFault) -> String {
    if let count = self["keep"]?.integer { return "\(count)" }
    if let ratio = self["keep"]?.number { return "\(ratio)" }
    return try required("keep")
  }

  func count(_ key: String) throws(RowFault) -> Int? {
    guard let value = self[key] else { return nil }
    guard let count = value.integer, count >= 0 else { throw wrong(key, "a count") }
    return count
  }

  func grade() throws(RowFault) -> Double? {
    guard let value = self["correct"] else {
      // A failed question has no grade, nor has one without a right answer. A row without the key is a mistake.
      if object["correct"] != nil || self["error"] != nil { return nil }
      throw wrong("correct", "")
    }
    if let boolean = value.boolean { return boolean ? 1 : 0 }
    guard let number = value.number, (0...1).contains(number) else {
      throw wrong("correct", "true, false or a number from 0 to 1")
    }
    return number
  }

  /// An error is a message, or an object that contains one.
  func failure() throws(RowFault) -> String? {
    guard let value = self["error"] else { return nil }
    guard let message = value.string ?? value["message"]?.string else { throw wrong("error", "a text") }
    return message
  }

  func times() throws(RowFault) -> [String: Double] {
    var times: [String: Double] = [:]
    guard let members = object.members else { return times }
    for member in members where member.key.suffix(3).elementsEqual("_ms".utf8) && !member.value.isNull {
      guard let time = member.value.number else { throw wrong(member.name, "a number") }
      times[member.name] = time
    }
    return times
  }
}
