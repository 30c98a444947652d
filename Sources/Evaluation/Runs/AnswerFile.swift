import Foundation

/// `eval --answers FILE`: one line per answer, appended as soon as the answer exists. The first line says what the
/// others depend on, so that the same command resumes and a different one is refused.
public final class AnswerFile {
  public static let schema = "vlmprune.answers/1"

  private let log: LineLog
  private let places: [Question.Identifier: Int]
  private var isDone: [Bool]
  /// Indices of the questions, in the order of their lines.
  private var order: [Int] = []

  /// - Parameters:
  ///   - manifest: what the answers depend on.
  ///   - retriesFailures: whether lines that hold an error are taken out, so that they are asked for again.
  ///   - onLine: called with each line that is there already and stays, and its question's place.
  /// - Throws: `.otherRun` where the file holds answers of another command, `.notARun` where it holds something else.
  public init(
    path: String, manifest: RunManifest, questions: [Question], retriesFailures: Bool = false,
    onLine: (AnswerLine, Int) -> Void
  ) throws(EvaluationError) {
    var wanted = manifest
    wanted.schema = Self.schema
    let head: Data
    do { head = try wanted.line() } catch { throw .unwritable(file: path, reason: "\(error)") }
    let places = Dictionary(uniqueKeysWithValues: questions.enumerated().map { ($1.identifier, $0) })
    var isDone = [Bool](repeating: false, count: questions.count)
    var order: [Int] = []
    var failed: [Int] = []
    var hasHead = false
    log = try LineLog(path: path) { (line, number) throws(EvaluationError) in
      guard hasHead else {
        hasHead = try Self.checkHead(line, wanted, head: head, path: path)
        return
      }
      let answer: AnswerLine
      do { answer = try JSONDecoder().decode(AnswerLine.self, from: Data(line)) } catch {
        throw .malformedRow(file: path, line: number, reason: "it is no answer's line")
      }
      guard let place = places[answer.question], !isDone[place] else {
        throw .strayRow(
          file: path, line: number, reason: "question \(answer.question) is not asked here, or was answered before")
      }
      isDone[place] = true
      if retriesFailures, answer.metadata.error != nil {
        failed.append(place)
      } else {
        order.append(place)
        onLine(answer, place)
      }
    }
    for place in failed { isDone[place] = false }
    self.places = places
    self.isDone = isDone
    self.order = order
    if !hasHead { try log.append(head) }
    guard !failed.isEmpty else { return }
    var isHead = true
    try log.remove { (line, _) throws(EvaluationError) in
      defer { isHead = false }
      guard !isHead else { return false }
      let answer = try? JSONDecoder().decode(AnswerLine.self, from: Data(line))
      return answer?.metadata.error != nil
    }
  }

  /// - Returns: always true.
  /// - Throws: `.malformedRow`, so that the line is dropped, only if it is a prefix of this very head: a file that
  ///   belongs to something else is never cut.
  private static func checkHead(
    _ line: ArraySlice<UInt8>, _ wanted: RunManifest, head: Data, path: String
  ) throws(EvaluationError) -> Bool {
    guard let found = try? JSONDecoder().decode(RunManifest.self, from: Data(line)), found.schema == schema else {
      if head.starts(with: line) { throw .malformedRow(file: path, line: 1, reason: "it was cut") }
      throw .notARun(folder: path, reason: "its first line is not one that eval writes")
    }
    if let difference = found.difference(from: wanted) {
      throw .otherRun(folder: path, field: difference.field, found: difference.ours, wanted: difference.theirs)
    }
    return true
  }

  public func has(question: Int) -> Bool { isDone[question] }
  public var doneCount: Int { order.count }

  public func append(_ line: AnswerLine) throws(EvaluationError) {
    guard let place = places[line.question] else { preconditionFailure("an answer is to one of the questions") }
    let data: Data
    do { data = try line.data() } catch { throw .unwritable(file: log.path, reason: "\(error)") }
    try log.append(data)
    isDone[place] = true
    order.append(place)
  }

  /// Sorts the lines of a finished file into the order of the questions. Answering image by image may have changed it,
  /// and some scorers pair answers with labels by order.
  public func finish() throws(EvaluationError) {
    guard order.count == isDone.count, order != order.sorted() else { return }
    var lines = [Data](repeating: Data(), count: order.count)
    var sorted = Data()
    // Counted here: a line's number counts blank lines, which `order` does not hold.
    var answers = 0
    try log.forEach { (line, _) throws(EvaluationError) in
      let data = Data(line) + Data([0x0A])
      guard !sorted.isEmpty else { return sorted = data }
      lines[order[answers]] = data
      answers += 1
    }
    for line in lines { sorted += line }
    try WholeFile.write(sorted, to: URL(fileURLWithPath: log.path).resolvingSymlinksInPath().path)
    order.sort()
  }
}

extension RunManifest {
  /// The head as one line, line break included.
  func line() throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return try encoder.encode(self) + Data([0x0A])
  }
}
