/// Why a request that a program made, as a line of a batch or a body of HTTP, cannot be answered.
public struct RequestError: Error, Sendable, Hashable {
  /// One line: what is wrong. Names fields, and never repeats what they hold at length.
  public let message: String
  /// One line: what to do.
  public let hint: String
  /// The field that is to blame, as OpenAI's `param`: "messages", "prune.keep".
  public let parameter: String?
  /// OpenAI's `code`, for programs: "model_not_found".
  public let code: String?
  /// The status that HTTP has for it.
  public let status: Int

  public init(_ message: String, hint: String, parameter: String? = nil, code: String? = nil, status: Int = 400) {
    self.message = message
    self.hint = hint
    self.parameter = parameter
    self.code = code
    self.status = status
  }
}

extension RequestError {
  /// A text from outside, short enough for a message.
  public static func excerpt(_ text: String) -> String {
    text.utf8.count <= 64 ? text : "\(text.prefix(48))…"
  }
}
