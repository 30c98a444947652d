import Tokenizer

/// Turns tokens into the answer's text: without white space around it, piece by piece as it becomes certain, and up to
/// the first of the texts that end it.
package struct AnswerWriter {
  private var stream: StreamDecoder
  /// Texts that end the answer, in UTF-8; none is empty.
  private let stops: [[UInt8]]
  /// What has been handed out so far.
  package private(set) var text = ""
  /// Whether a stop text has come. Nothing is written from then on.
  package private(set) var isStopped = false
  /// What is only written once something follows it: white space, and the beginning of what may become a stop text.
  private var pending = ""

  /// - Parameter stops: texts that end the answer, and are no part of it; empty ones count for nothing.
  package init(stream: StreamDecoder, stops: [String] = []) {
    self.stream = stream
    self.stops = stops.map { Array($0.utf8) }.filter { !$0.isEmpty }
  }

  /// - Returns: the text that is certain now.
  package mutating func append(_ token: Int) -> String { emit(stream.append(token), isLast: false) }

  /// - Returns: what was held back.
  package mutating func finish() -> String { emit(stream.finish(), isLast: true) }

  private mutating func emit(_ piece: String, isLast: Bool) -> String {
    guard !isStopped else { return "" }
    pending += piece
    if text.isEmpty { pending = String(pending.drop(while: \.isWhitespace)) }
    if let start = StopSearch.first(of: stops, in: pending) {
      isStopped = true
      let ready = String(pending.utf8.prefix(start)) ?? ""
      (pending, text) = ("", text + ready)
      return ready
    }
    let trailing = String(pending.reversed().prefix(while: \.isWhitespace)).utf8.count
    let held = max(trailing, isLast ? 0 : StopSearch.begun(stops, atEndOf: pending))
    let ready = String(pending.utf8.dropLast(held)) ?? ""
    pending = String(pending.utf8.suffix(held)) ?? ""
    text += ready
    return ready
  }
}

/// Finds stop texts by their bytes: characters join with what follows them, bytes do not. A text begins and ends
/// between two scalars wherever it is found, because both are valid UTF-8.
private enum StopSearch {
  /// Bytes before the earliest of some texts; nil where none is there.
  static func first(of stops: [[UInt8]], in text: String) -> Int? {
    guard !stops.isEmpty else { return nil }
    let bytes = Array(text.utf8)
    return bytes.indices.first { start in stops.contains { bytes[start...].starts(with: $0) } }
  }

  /// Bytes at the end that may be the beginning of one of some texts.
  static func begun(_ stops: [[UInt8]], atEndOf text: String) -> Int {
    let bytes = Array(text.utf8)
    let longest = min((stops.map(\.count).max() ?? 1) - 1, bytes.count)
    return stride(from: longest, to: 0, by: -1).first { count in
      stops.contains { $0.count > count && $0.starts(with: bytes.suffix(count)) }
    } ?? 0
  }
}
