import Basics
import VLM

/// What a line asks. What it leaves out comes from the command line.
struct BatchRequest {
  var images: [PictureSource]
  var question: String
  var system: String?
  /// The model that it expects to be answered by.
  var model: String?
  var strategy: String?
  var keep: String?
  var maxNewTokens: Int?
  var temperature: Double?
  var topP: Double?
  var seed: UInt64?
  var stop: [String] = []
}

// MARK: - Our own form

extension BatchRequest {
  static let example = #"a line is {"id": 1, "image": "a.png", "question": "…"}"#
  static let fields = ["id", "image", "images", "question", "strategy", "keep", "max_new_tokens"]

  /// Names that other programs give to the same.
  private static let otherNames = [
    "question_id": "id", "custom_id": "id", "text": "question", "prompt": "question", "query": "question",
    "image_path": "image", "image_url": "image", "image_file": "image", "picture": "image", "img": "image",
    "file": "image", "budget": "keep", "method": "strategy", "max_tokens": "max_new_tokens",
    "max_completion_tokens": "max_new_tokens",
  ]

  /// - Parameter line: an object.
  init(line: JSONValue) throws(RequestError) {
    try Self.checkFields(line, known: Self.fields, otherNames: Self.otherNames)
    let fields = RequestFields(line)
    let single = try fields.text("image")
    guard single == nil || fields.value("images") == nil else {
      throw RequestError(
        "the line has both image and images", hint: "give one picture as image, several as images", parameter: "images")
    }
    if let value = fields.value("images"), value.kind != .array {
      throw fields.wrong("images", "is \(value.kind), expected a list of texts")
    }
    let several = try fields.texts("images")
    let images = single.map { [$0] } ?? several
    guard !images.isEmpty else {
      throw RequestError("the line has no image", hint: Self.example, parameter: "image")
    }
    guard let question = try fields.text("question") else {
      throw RequestError("the line has no question", hint: Self.example, parameter: "question")
    }
    self.init(
      images: try images.map { (text) throws(RequestError) in try PictureSource(text) },
      question: try Self.checked(question), strategy: try fields.text("strategy"),
      keep: try fields.budget("keep"), maxNewTokens: try fields.count("max_new_tokens"))
  }

  private static func checked(_ question: String) throws(RequestError) -> String {
    guard question.contains(where: { !$0.isWhitespace }) else {
      throw RequestError("the question is empty", hint: "ask something: What is in the picture?")
    }
    return question
  }

  /// Refuses a field that nobody reads: it may be one that was mistyped.
  private static func checkFields(
    _ object: JSONValue, known: [String], otherNames: [String: String]
  ) throws(RequestError) {
    guard let unknown = object.members?.first(where: { !known.contains($0.name) })?.name else { return }
    let near = otherNames[unknown.lowercased()] ?? known.first { isNear(unknown.lowercased(), $0) }
    throw RequestError(
      "there is no field \"\(RequestError.excerpt(unknown))\"",
      hint: near.map { "did you mean \"\($0)\"?" } ?? "the fields are \(known.joined(separator: ", "))",
      parameter: RequestError.excerpt(unknown))
  }

  /// Whether two names differ by one letter that is missing, added, another or exchanged with its neighbour, or by
  /// their underscores.
  private static func isNear(_ first: String, _ second: String) -> Bool {
    let (first, second) = ([Character](first.filter { $0 != "_" }), [Character](second.filter { $0 != "_" }))
    let front = zip(first, second).prefix { $0 == $1 }.count
    let rest = min(first.count, second.count) - front
    let back = min(rest, zip(first.reversed(), second.reversed()).prefix { $0 == $1 }.count)
    let (left, right) = (first[front..<first.count - back], second[front..<second.count - back])
    return max(left.count, right.count) <= 1 || (left.count == 2 && left.elementsEqual(right.reversed()))
  }
}

// MARK: - OpenAI's form

extension BatchRequest {
  static let chatFields = ["custom_id", "method", "url", "body"]
  private static let chatURL = "/v1/chat/completions"

  /// Whether an object is meant as a line of OpenAI's batch files.
  static func isChat(_ line: JSONValue) -> Bool { chatFields.contains { line[$0] != nil } && line["id"] == nil }

  /// - Parameter line: an object.
  init(chatLine line: JSONValue) throws(RequestError) {
    try Self.checkFields(line, known: Self.chatFields, otherNames: [:])
    let fields = RequestFields(line)
    guard try fields.text("method")?.uppercased() == "POST" else {
      throw RequestError("method is not POST", hint: "write \"method\": \"POST\"", parameter: "method")
    }
    guard try fields.text("url") == Self.chatURL else {
      throw RequestError(
        "url is not \(Self.chatURL)", hint: "chat completions are all that is answered", parameter: "url")
    }
    guard let body = line["body"], !body.isNull else {
      throw RequestError("the line has no body", hint: "its body is a chat request", parameter: "body")
    }
    let chat = try ChatRequest(body)
    guard !chat.stream else {
      throw RequestError("a line's answer cannot be streamed", hint: "leave stream out", parameter: "stream")
    }
    guard chat.turns.count == 1 else {
      throw RequestError(
        "messages goes on after the user's first message", hint: "one user's message is answered, after a system text",
        parameter: "messages")
    }
    self.init(
      images: try chat.turns[0].images.map { (text) throws(RequestError) in try PictureSource(text) },
      question: try Self.checked(chat.turns[0].question), system: chat.system, model: chat.model,
      strategy: chat.strategy,
      keep: chat.keep ?? chat.detail.keep, maxNewTokens: chat.maxNewTokens, temperature: chat.temperature,
      topP: chat.topP, seed: chat.seed, stop: chat.stop)
  }
}
