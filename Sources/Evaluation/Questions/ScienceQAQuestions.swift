import Basics

/// ScienceQA in the list form that LLaVA ships: `id`, `image` (absent if the question has no picture) and a
/// conversation of question and right letter.
enum ScienceQAQuestions {
  static func read(_ list: JSONElements, into collector: inout QuestionCollector) throws(EvaluationError) {
    for (index, element) in list.enumerated() {
      let record = QuestionRecord(json: element, file: collector.file, place: .entry(index + 1))
      let image = try record.optionalText("image") ?? ""
      let (asked, answer) = try turns(record)
      let text = stripped(asked.replacing("<image>", with: ""))
      guard !text.isEmpty else { throw record.wrong("its question is empty") }
      let question = Question(
        identifier: try record.identifier("id"), image: image, text: text,
        category: image.isEmpty ? "text" : "image", answers: answer.map { [$0] } ?? [], options: options(of: text))
      try collector.add(question, from: record, answerKey: "turn of \"gpt\"")
    }
  }

  /// What "human" asks and what "gpt" answers.
  private static func turns(_ record: QuestionRecord) throws(EvaluationError) -> (String, String?) {
    let turns = try record.required("conversations")
    guard let elements = turns.elements else { throw record.wrongKind("conversations", turns, expected: "a list") }
    let all = Array(elements)
    guard all.count == 1 || all.count == 2, all[0]["from"]?.string == "human", let question = all[0]["value"]?.string
    else { throw record.wrong("its conversations are not one turn of \"human\" and one of \"gpt\"") }
    guard all.count == 2 else { return (question, nil) }
    guard all[1]["from"]?.string == "gpt", let answer = all[1]["value"]?.string else {
      throw record.wrong("the second turn of its conversations is not a text of \"gpt\"")
    }
    return (question, answer)
  }

  /// The options in the lines "A. …", "B. …" at the end of a question.
  private static func options(of text: String) -> [String] {
    let lines = text.split(separator: "\n")
    guard let start = lines.lastIndex(where: { $0.hasPrefix("A. ") }) else { return [] }
    return zip(lines[start...], OptionLetter.all)
      .prefix { line, letter in line.hasPrefix("\(letter). ") }
      .map { String($0.0.dropFirst(3)) }
  }

  private static func stripped(_ text: String) -> String {
    var rest = Substring(text).drop(while: \.isWhitespace)
    while rest.last?.isWhitespace == true { rest.removeLast() }
    return String(rest)
  }
}
