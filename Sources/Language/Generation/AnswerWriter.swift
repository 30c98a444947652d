import Tokenizer

/// Turns tokens into the answer's text: without white space around it, piece by piece as it becomes certain.
package struct AnswerWriter {
  private var stream: StreamDecoder
  /// What has been handed out so far.
  package private(set) var text = ""
  /// White space that is only written once something follows it.
  private var pending = ""

  package init(stream: StreamDecoder) { self.stream = stream }

  /// - Returns: the text that is certain now.
  package mutating func append(_ token: Int) -> String { emit(stream.append(token)) }

  /// - Returns: what was held back.
  package mutating func finish() -> String { emit(stream.finish()) }

  private mutating func emit(_ piece: String) -> String {
    pending += piece
    if text.isEmpty { pending = String(pending.drop(while: \.isWhitespace)) }
    let trailing = pending.reversed().prefix(while: \.isWhitespace).count
    let ready = String(pending.dropLast(trailing))
    pending = String(pending.suffix(trailing))
    text += ready
    return ready
  }
}
