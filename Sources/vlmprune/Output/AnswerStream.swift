/// Prints an answer while it is generated. A full disk cannot stop the model, so the first failure is kept, and thrown
/// when the answer has ended.
final class AnswerStream {
  private var failure: CommandFailure?

  func write(_ piece: String) {
    guard failure == nil else { return }
    do { try StandardOutput.write(piece) } catch { failure = error }
  }

  func finish() throws {
    if let failure { throw failure }
  }
}
