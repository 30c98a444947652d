import Pruning
import VLM

/// What a client is told of errors of the engine. No message names a file of the server.
extension RequestError {
  /// An error of a request that was looked at and not yet queued, or of its answer.
  init(refusing error: VLMError) {
    switch error {
    case .pruning(let error): self.init(refusing: error, parameter: nil)
    case .image(let reason, let file):
      self.init(
        "\(file): \(reason.message)", hint: reason.hint, parameter: "messages", code: "invalid_image", status: 422)
    case .promptTooLong:
      self.init(error.message, hint: error.hint, parameter: "messages", code: "context_length_exceeded")
    case .emptyQuestion:
      self.init(error.message, hint: "ask something: What is in the picture?", parameter: "messages")
    case .noSystemText:
      self.init(error.message, hint: "leave the system message out", parameter: "messages")
    case .placeholderInQuestion(let text):
      self.init(
        "a message contains \(text), which stands for an image",
        hint: "leave it out, and send the picture as image_url",
        parameter: "messages")
    case .placeholders, .placeholderOrder, .tooManyFrames, .boundTooSmall:
      self.init(error.message, hint: "send each picture as image_url", parameter: "messages")
    default:
      self.init(
        "the model cannot answer this request", hint: "the server's log may say more", code: "unavailable", status: 503)
    }
  }

  /// - Parameter parameter: nil: what the error is about decides.
  init(refusing error: PruningError, parameter: String?) {
    guard error.isUsageError || error.isOfPicture else {
      self.init("the strategy cannot prune this picture", hint: "name another strategy", parameter: "prune.strategy")
      return
    }
    self.init(
      Self.short(error.message), hint: Self.short(error.hint.replacing("--keep", with: "keep")),
      parameter: error.isOfBudget ? "prune.keep" : parameter ?? "prune.strategy")
  }

  /// Messages repeat what a client wrote, which may be long.
  private static func short(_ text: String) -> String { text.count <= 400 ? text : "\(text.prefix(400))…" }
}

extension PruningError {
  fileprivate var isOfBudget: Bool {
    switch self {
    case .malformedBudget, .budgetNotPositive, .budgetAboveEverything, .budgetExceedsTotal, .budgetTooSmall,
      .budgetWithoutStrategy, .budgetBelowSchedule, .stageBelowBudget, .noOwnBudget, .optionsExceedBudget,
      .shareTooLarge, .nothingStandsOut:
      true
    default: false
    }
  }

  /// Whether it says something of the client's own picture.
  fileprivate var isOfPicture: Bool { if case .nothingStandsOut = self { true } else { false } }
}
