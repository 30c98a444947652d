import Basics
import Foundation

/// OpenAI's error object.
package struct ChatError: Encodable {
  let message: String
  let type: String
  let param: Nullable<String>
  let code: Nullable<String>

  /// - Parameters:
  ///   - message: nil: the error's own, with its hint.
  package init(_ error: RequestError, message: String? = nil) {
    self.message = message ?? "\(error.message): \(error.hint)"
    type =
      switch error.status {
      case 401: "authentication_error"
      case 403: "permission_error"
      case 429: "rate_limit_error"
      case 500...: "server_error"
      default: "invalid_request_error"
      }
    param = Nullable(error.parameter)
    code = Nullable(error.code)
  }
}

/// OpenAI's chat completion, with what pruning did in `vlmprune`. Keys are written in snake case.
package struct ChatCompletion: Encodable {
  struct Choice: Encodable {
    let index = 0
    let message: [String: String]
    let finishReason: String
    let logprobs = Nullable<String>(nil)
  }

  let id, model: String
  let object = "chat.completion"
  let created: Int
  let choices: [Choice]
  let usage: ChatUsage
  let vlmprune: ChatPruning

  /// - Parameters:
  ///   - cachedTokens: positions of the prompt that were not run; nil where nobody counts them.
  ///   - pictures: what was kept of each; nil where nobody asks.
  package init(
    _ record: AnswerRecord, id: String, model: String, cachedTokens: Int? = nil, pictures: [KeptPicture]? = nil
  ) {
    self.id = id
    self.model = model
    created = Int(Date().timeIntervalSince1970)
    choices = [
      Choice(
        message: ["role": "assistant", "content": record.text], finishReason: record.finishReason.rawValue)
    ]
    usage = ChatUsage(record, cachedTokens: cachedTokens)
    vlmprune = ChatPruning(record, pictures: pictures)
  }
}

/// What an answer cost, in tokens.
package struct ChatUsage: Encodable, Sendable {
  struct Details: Encodable {
    let cachedTokens: Int
  }

  let promptTokens, completionTokens, totalTokens: Int
  let promptTokensDetails: Details?

  package init(_ record: AnswerRecord, cachedTokens: Int?) {
    promptTokens = record.promptLength
    completionTokens = record.generatedTokens
    totalTokens = record.promptLength + record.generatedTokens
    promptTokensDetails = cachedTokens.map(Details.init)
  }
}

/// What pruning did, and the time that stages took.
package struct ChatPruning: Encodable, Sendable {
  let strategy: String
  let visualTotal, visualKept: Int
  let encodeMs, pruneMs, prefillMs, decodeMs: Double
  let images: [KeptPicture]?

  package init(_ record: AnswerRecord, pictures: [KeptPicture]?) {
    strategy = record.strategy.description
    (visualTotal, visualKept) = (record.visualTokens, record.keptTokens)
    (encodeMs, pruneMs) = (record.timings.encode.milliseconds, record.timings.prune.milliseconds)
    (prefillMs, decodeMs) = (record.timings.prefill.milliseconds, record.timings.decode.milliseconds)
    images = pictures
  }
}
