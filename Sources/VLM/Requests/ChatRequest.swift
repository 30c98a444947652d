import Basics

/// The body of OpenAI's chat completions, as far as it is understood here: questions about pictures and their answers,
/// after an optional system text. What would change the answer and cannot be done is refused by name; unknown keys are
/// ignored, and `null` is as good as absent.
public struct ChatRequest: Sendable, Hashable {
  public let model: String?
  public let system: String?
  /// At least one; the last has no answer.
  public let turns: [ChatTurn]
  public let detail: PictureDetail
  /// `prune.strategy` and `prune.keep`, as the command line spells them.
  public let strategy: String?
  public let keep: String?
  public let maxNewTokens: Int?
  public let temperature: Double?
  public let topP: Double?
  public let seed: UInt64?
  /// Texts that end the answer, and are no part of it.
  public let stop: [String]
  public let stream: Bool
  /// Whether a stream ends with what it cost.
  public let streamsUsage: Bool
  /// Whether to say which patches were kept.
  public let returnsKept: Bool

  public init(_ body: JSONValue) throws(RequestError) {
    guard body.kind == .object else {
      throw RequestError("the request's body is \(body.kind), not an object", hint: ChatMessages.example)
    }
    try Self.refuseUnsupported(body)
    let fields = RequestFields(body)
    let message = try ChatMessages(fields.value("messages"))
    (system, turns, detail) = (message.system, message.turns, message.detail)
    model = try fields.text("model")
    let prune = try fields.object("prune")
    strategy = try prune?.text("strategy")
    keep = try prune?.budget("keep")
    returnsKept = try prune?.boolean("return_kept") ?? false
    let (old, new) = (try fields.count("max_tokens"), try fields.count("max_completion_tokens"))
    maxNewTokens = new ?? old
    temperature = try fields.number("temperature", 0...2)
    topP = try fields.number("top_p", 0...1)
    guard topP != 0 else { throw fields.wrong("top_p", "is 0, expected more than 0 and at most 1") }
    seed = try fields.integer("seed").map { UInt64(bitPattern: Int64($0)) }
    stop = try fields.texts("stop")
    stream = try fields.boolean("stream") ?? false
    streamsUsage = try fields.object("stream_options")?.boolean("include_usage") ?? false
  }

  /// Requests that would get another answer than they ask for.
  private static func refuseUnsupported(_ body: JSONValue) throws(RequestError) {
    func refuse(_ key: String, when isAsked: (JSONValue) -> Bool) throws(RequestError) {
      guard let value = body[key], !value.isNull, isAsked(value) else { return }
      throw RequestError("\(key) is not supported here", hint: "leave \(key) out", parameter: key)
    }
    for key in ["logprobs", "store"] { try refuse(key) { $0.boolean != false } }
    for key in ["top_logprobs", "frequency_penalty", "presence_penalty"] { try refuse(key) { $0.number != 0 } }
    try refuse("n") { $0.integer != 1 }
    for key in ["tools", "functions"] { try refuse(key) { $0.elements?.count != 0 } }
    for key in ["tool_choice", "function_call"] { try refuse(key) { $0.string != "none" && $0.string != "auto" } }
    for key in ["audio", "prediction", "web_search_options"] { try refuse(key) { _ in true } }
    try refuse("logit_bias") { $0.members?.count != 0 }
    try refuse("response_format") { $0["type"]?.string != "text" }
    try refuse("modalities") { $0.elements?.contains { $0.string != "text" } ?? true }
  }
}
