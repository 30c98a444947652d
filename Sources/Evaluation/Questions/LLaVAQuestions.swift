import Basics

/// LLaVA's question files, one JSON object per line, with our keys (`answer`, `answers`, `options`) and POPE's
/// (`label`).
enum LLaVAQuestions {
  /// - Returns: the questions, and notes about keys that are not read.
  static func read(
    _ lines: TextLines, into collector: inout QuestionCollector
  ) throws(EvaluationError) -> [String] {
    var notes = KeyNotes()
    let split = pope(collector.file)
    for (number, bytes) in lines {
      let json: JSONValue
      do { json = try JSONValue(parsing: bytes) } catch {
        throw .malformedQuestion(file: collector.file, line: number, reason: error.message)
      }
      let record = QuestionRecord(json: json, file: collector.file, place: .line(number))
      guard json.members != nil else { throw record.wrong("it is \(json.kind), expected an object") }
      try notes.check(record, line: number)
      let question = Question(
        identifier: try record.identifier(), image: try record.text("image"), text: try record.text("text"),
        category: try record.optionalText("category") ?? split, answers: try answers(record),
        options: try record.texts("options") ?? [])
      try collector.add(question, from: record)
    }
    return notes.notes(file: collector.file)
  }

  private static func answers(_ record: QuestionRecord) throws(EvaluationError) -> [String] {
    let given = ["answer", "answers", "label"].filter { record.value($0) != nil }
    guard given.count < 2 else { throw record.wrong("it has both \(given[0]) and \(given[1]): leave one of them out") }
    if let several = try record.texts("answers") { return several }
    let one = try record.optionalText(given.first ?? "answer")
    return one.map { [$0] } ?? []
  }

  /// The split in a label file's name: "adversarial" for coco_pope_adversarial.json.
  static func pope(_ file: String) -> String? {
    let name = file.split(separator: "/").last.map(String.init) ?? file
    guard let mark = name.firstRange(of: "_pope_"), let end = name.lastIndex(of: "."), mark.upperBound < end else {
      return nil
    }
    return String(name[mark.upperBound..<end])
  }
}
