import Images
import VLM

/// From lines to lines. A signal ends it after the line that is being written.
struct BatchRun: ~Copyable {
  /// Bytes of lines that wait: pictures may be in them.
  private static let mostWaitingBytes = LineReader.longestLine

  private var reader: LineReader
  private var writer: LineWriter
  private var answerer: BatchAnswerer
  private let model: String
  /// Lines answered so far, and those of them that are errors.
  private(set) var answered = 0
  private(set) var failed = 0

  init(reader: LineReader, writer: LineWriter, answerer: consuming BatchAnswerer, model: String) {
    self.reader = reader
    self.writer = writer
    self.answerer = answerer
    self.model = model
  }

  /// Each line is answered before the next is taken.
  mutating func answerInOrder() throws {
    while let line = try reader.next() { try answer(BatchLine(line)) }
  }

  /// The lines about one picture are answered together, as far as they are within a window: of what is there, nothing
  /// waits for lines to come.
  /// - Parameter window: most lines that are read and not answered.
  mutating func answerGrouped(window: Int) throws {
    var waiting: [BatchLine] = []
    while true {
      while waiting.count < window, waiting.reduce(0, { $0 + $1.size }) < Self.mostWaitingBytes {
        guard let line = try waiting.isEmpty ? reader.next() : reader.nextThatIsThere() else { break }
        waiting.append(BatchLine(line))
      }
      guard let oldest = waiting.first else { return }
      // The oldest line's picture is next, so that none is passed over for ever.
      let pictures = Self.pictures(of: oldest)
      let group = waiting.filter { Self.pictures(of: $0) == pictures }
      waiting.removeAll { Self.pictures(of: $0) == pictures }
      for line in group where !StopRequest.hasCome { try answer(line) }
      if StopRequest.hasCome { return }
    }
  }

  /// Nil for lines that are errors by themselves: these are answered together.
  private static func pictures(of line: BatchLine) -> [PictureSource]? { try? line.request.get().images }

  private mutating func answer(_ line: BatchLine) throws {
    let reply = BatchReply(line: line, model: model)
    let bytes: [UInt8]
    do {
      guard let answer = try answerer.answer(try line.request.get()) else { return }
      bytes = try reply.bytes(answer)
    } catch {
      guard let error = RequestError(explaining: error) else { throw error }
      bytes = try reply.bytes(error)
      failed += 1
    }
    try writer.write(line: bytes)
    answered += 1
  }
}

extension RequestError {
  /// What is wrong with a line rather than with this program; nil for anything else.
  init?(explaining error: any Error) {
    switch error {
    case let error as RequestError: self = error
    case VLMError.image(let reason, let file):
      self.init("\(file): \(reason.message)", hint: reason.hint, code: "invalid_image", status: 422)
    default:
      guard let failure = CommandFailure(explaining: error) else { return nil }
      var code: String?
      if case VLMError.promptTooLong = error { code = "context_length_exceeded" }
      self.init(failure.message, hint: failure.hint, code: code)
    }
  }
}
