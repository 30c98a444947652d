import Foundation
import VLM

/// Lines of output. Keys are sorted, and ids stand as they were written.
struct BatchReply {
  let line: BatchLine
  let model: String

  func bytes(_ answer: BatchAnswer) throws -> [UInt8] {
    switch line.form {
    case .own:
      try Self.object([
        ("answer", Self.json(answer.record.text)),
        ("finish_reason", Self.json(answer.record.finishReason.rawValue)),
        ("id", identifier), ("timings_ms", Self.json(Timings(answer))),
        ("tokens", Self.json(AnswerReport.Tokens(answer.record))),
      ])
    case .chat:
      try chat(
        status: 200, body: Self.json(ChatCompletion(answer.record, id: "chatcmpl-\(line.number)", model: model)))
    }
  }

  func bytes(_ error: RequestError) throws -> [UInt8] {
    let message = Self.short(error.message)
    switch line.form {
    case .own:
      let explained = try Self.json(["message": message, "hint": Self.short(error.hint)])
      let number = line.identifier == nil ? [("line", try Self.json(line.number))] : []
      return Self.object([("error", explained), ("id", identifier)] + number)
    case .chat:
      let body = ["error": ChatError(error, message: "\(message): \(Self.short(error.hint))")]
      return try chat(status: error.status, body: Self.json(body))
    }
  }

  private var identifier: [UInt8] { line.identifier ?? Array("null".utf8) }

  private func chat(status: Int, body: [UInt8]) throws -> [UInt8] {
    let response = Self.object([
      ("body", body), ("request_id", try Self.json("req-\(line.number)")), ("status_code", try Self.json(status)),
    ])
    return Self.object([
      ("custom_id", identifier), ("error", Array("null".utf8)), ("id", try Self.json("batch_req-\(line.number)")),
      ("response", response),
    ])
  }

  // MARK: - JSON

  private static func json(_ value: some Encodable) throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.keyEncodingStrategy = .convertToSnakeCase
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return [UInt8](try encoder.encode(value))
  }

  /// An object of members that are JSON already, in their order.
  private static func object(_ members: [(key: String, value: [UInt8])]) -> [UInt8] {
    let texts = members.map { Array("\"\($0.key)\":".utf8) + $0.value }
    return Array("{".utf8) + texts.joined(separator: Array(",".utf8)) + Array("}".utf8)
  }

  /// Messages name what is wrong, a file say, and an answer to a line is no place for all of it.
  private static func short(_ text: String) -> String { text.count <= 400 ? text : "\(text.prefix(400))…" }
}

/// The timings of `ask --json`, except for the time to load the model.
private struct Timings: Encodable {
  let preprocess, encode, prune, project, prefill, decode, total: Double

  init(_ answer: BatchAnswer) {
    let stages = answer.record.timings
    preprocess = answer.preprocess.milliseconds
    encode = stages.encode.milliseconds
    prune = stages.prune.milliseconds
    project = stages.project.milliseconds
    prefill = stages.prefill.milliseconds
    decode = stages.decode.milliseconds
    total = answer.total.milliseconds
  }
}
