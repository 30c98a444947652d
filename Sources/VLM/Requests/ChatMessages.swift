import Basics

/// A user's message, and its answer where one follows.
public struct ChatTurn: Sendable, Hashable {
  public let question: String
  /// The pictures' URLs, in their order.
  public let images: [String]
  public var answer: String?
}

/// OpenAI's `messages`: optional system texts, then a user's messages with texts and pictures, each but the last one
/// answered.
struct ChatMessages {
  static let example = #"write {"messages": [{"role": "user", "content": [{"type": "text", "text": "…"}, …]}]}"#
  private static let order = "system messages come first, then a user's and the assistant's in turn, a user's last"

  private(set) var system: String?
  private(set) var turns: [ChatTurn] = []
  private(set) var detail = PictureDetail.auto
  private var details: Set<PictureDetail> = []

  init(_ value: JSONValue?) throws(RequestError) {
    guard let messages = value?.elements, messages.count > 0 else {
      throw Self.wrong(value == nil ? "is missing" : "is not a list of messages")
    }
    for message in messages { try take(message) }
    guard let last = turns.last else { throw Self.wrong("has no message of a user") }
    guard last.answer == nil else { throw Self.wrong("ends with an assistant's message", hint: Self.order) }
    guard details.count <= 1 else {
      throw Self.wrong("has pictures of different detail", hint: "give all pictures the same detail")
    }
    detail = details.first ?? .auto
  }

  private mutating func take(_ message: JSONValue) throws(RequestError) {
    guard let role = message["role"]?.string else { throw Self.wrong("has a message without a role") }
    let isAnswered = turns.last.map { $0.answer != nil } ?? true
    switch role {
    case "system", "developer":
      guard turns.isEmpty else { throw Self.wrong("has a system message after a user's", hint: Self.order) }
      let text = try Self.parts(message).texts.joined(separator: "\n")
      system = system.map { "\($0)\n\(text)" } ?? text
    case "user":
      guard isAnswered else { throw Self.wrong("has two messages of a user in a row", hint: Self.order) }
      let parts = try Self.parts(message)
      turns.append(ChatTurn(question: parts.texts.joined(separator: "\n"), images: parts.images))
      details.formUnion(parts.details)
    case "assistant":
      guard !isAnswered else { throw Self.wrong("has an assistant's message that answers nothing", hint: Self.order) }
      guard message["tool_calls"]?.elements?.count ?? 0 == 0 else {
        throw Self.wrong("has an assistant's message with tool_calls", hint: "only texts are read")
      }
      turns[turns.count - 1].answer = try Self.parts(message).texts.joined(separator: "\n")
    case "tool", "function":
      throw Self.wrong("holds a message of role \(role)", hint: "the roles are system, user and assistant")
    default: throw Self.wrong("has a message of an unknown role", hint: "the roles are system, user and assistant")
    }
  }

  private struct Parts {
    var texts: [String] = []
    var images: [String] = []
    var details: [PictureDetail] = []
  }

  private static func parts(_ message: JSONValue) throws(RequestError) -> Parts {
    var parts = Parts()
    if let text = message["content"]?.string {
      parts.texts = [text]
      return parts
    }
    guard let list = message["content"]?.elements else { throw wrong("has content that is no text and no list") }
    for part in list {
      switch part["type"]?.string {
      case "text":
        guard let text = part["text"]?.string else { throw wrong("has a text part without text") }
        parts.texts.append(text)
      case "image_url":
        let (url, detail) = try picture(part["image_url"])
        parts.images.append(url)
        parts.details.append(detail)
      case let type?:
        throw wrong(
          "has a part of type \(RequestError.excerpt(type))", hint: "the types are text and image_url")
      case nil: throw wrong("has a part without a type", hint: "the types are text and image_url")
      }
    }
    guard message["role"]?.string == "user" || parts.images.isEmpty else {
      throw wrong("has a picture outside a user's")
    }
    return parts
  }

  private static func picture(_ value: JSONValue?) throws(RequestError) -> (String, PictureDetail) {
    if let url = value?.string { return (url, .auto) }
    guard let value, let url = value["url"]?.string else { throw wrong("has an image_url part without a url") }
    guard let detail = value["detail"], !detail.isNull else { return (url, .auto) }
    guard let known = detail.string.flatMap(PictureDetail.init) else {
      throw wrong("has a detail that is not auto, low or high", hint: "write auto, low or high")
    }
    return (url, known)
  }

  private static func wrong(_ reason: String, hint: String = ChatMessages.example) -> RequestError {
    RequestError("messages \(reason)", hint: hint, parameter: "messages")
  }
}
