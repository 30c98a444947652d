/// MME's task files: image, question and right answer separated by tabs, two questions per image. A fourth column,
/// which `score` reads, is a model's answer.
public enum MMEQuestions {
  /// One line of a task file.
  public struct Line: Sendable, Hashable {
    public let image: String
    public let question: String
    /// "yes" or "no".
    public let truth: String
    /// A model's answer; nil in a file of questions.
    public let answer: String?
  }

  /// Reads the file of one task.
  public static func lines(_ bytes: [UInt8], file: String) throws(EvaluationError) -> [Line] {
    try lines(try TextLines(bytes, file: file), file: file)
  }

  static func lines(_ text: TextLines, file: String) throws(EvaluationError) -> [Line] {
    var lines: [Line] = []
    for (number, bytes) in text {
      func wrong(_ reason: String) -> EvaluationError {
        .malformedEntry(file: file, place: "line \(number)", reason: reason)
      }
      guard let text = String(validating: bytes, as: UTF8.self) else { throw wrong("it is not UTF-8 text") }
      let columns = text.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
      guard columns.count == 3 || columns.count == 4 else {
        throw wrong("it has \(columns.count) columns, expected image, question and answer with a tab between")
      }
      let truth = columns[2].lowercased()
      guard truth == "yes" || truth == "no" else { throw wrong("its answer is \"\(columns[2])\", expected Yes or No") }
      guard !columns[0].isEmpty else { throw wrong("it has no image") }
      guard columns[1].contains(where: { !$0.isWhitespace }) else { throw wrong("it has no question") }
      lines.append(
        Line(image: columns[0], question: columns[1], truth: truth, answer: columns.count == 4 ? columns[3] : nil))
    }
    return lines
  }

  /// A question's identifier is made of its task, its image and its number among the image's questions. Images are in
  /// a folder named after the task, as MME ships them.
  static func read(_ text: TextLines, into collector: inout QuestionCollector) throws(EvaluationError) {
    let task = task(of: collector.file)
    var asked: [String: Int] = [:]
    for line in try lines(text, file: collector.file) {
      asked[line.image, default: 0] += 1
      let question = Question(
        identifier: .name("\(task)/\(line.image)#\(asked[line.image] ?? 1)"), image: "\(task)/\(line.image)",
        text: line.question, category: task, answers: [line.truth])
      collector.append(question)
    }
  }

  /// The task in a file's name: "artwork" for artwork.txt.
  public static func task(of file: String) -> String {
    let name = file.split(separator: "/").last.map(String.init) ?? file
    return name.lastIndex(of: ".").map { String(name[..<$0]) } ?? name
  }
}
