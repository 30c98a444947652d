import Foundation
import VLM

/// OpenAI's error object.
struct ChatError: Encodable {
  let message: String
  let type = "invalid_request_error"
  let param: Nullable<String>
  let code: Nullable<String>

  init(_ error: RequestError, message: String) {
    self.message = message
    param = Nullable(error.parameter)
    code = Nullable(error.code)
  }
}

/// OpenAI's chat completion, with what pruning did in `vlmprune`. Keys are written in snake case.
struct ChatCompletion: Encodable {
  struct Choice: Encodable {
    let index = 0
    let message: [String: String]
    let finishReason: String
    let logprobs = Nullable<String>(nil)
  }

  struct Usage: Encodable {
    let promptTokens, completionTokens, totalTokens: Int
  }

  struct Pruning: Encodable {
    let strategy: String
    let visualTotal, visualKept: Int
    let encodeMs, pruneMs, prefillMs, decodeMs: Double
  }

  let id, model: String
  let object = "chat.completion"
  let created: Int
  let choices: [Choice]
  let usage: Usage
  let vlmprune: Pruning

  init(_ answer: BatchAnswer, model: String, number: Int) {
    let record = answer.record
    id = "chatcmpl-\(number)"
    self.model = model
    created = Int(Date().timeIntervalSince1970)
    choices = [
      Choice(
        message: ["role": "assistant", "content": answer.text], finishReason: answer.finishReason.rawValue)
    ]
    usage = Usage(
      promptTokens: record.promptLength, completionTokens: record.generatedTokens,
      totalTokens: record.promptLength + record.generatedTokens)
    vlmprune = Pruning(
      strategy: record.strategy.description, visualTotal: record.visualTokens, visualKept: record.keptTokens,
      encodeMs: record.timings.encode.milliseconds, pruneMs: record.timings.prune.milliseconds,
      prefillMs: record.timings.prefill.milliseconds, decodeMs: record.timings.decode.milliseconds)
  }
}
