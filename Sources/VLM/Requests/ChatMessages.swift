import Basics

/// OpenAI's `messages`: an optional system text, then one message of a user with texts and pictures.
struct ChatMessages {
  static let example = #"write {"messages": [{"role": "user", "content": [{"type": "text", "text": "…"}, …]}]}"#

  private(set) var system: String?
  private(set) var question = ""
  private(set) var images: [String] = []
  private(set) var detail = PictureDetail.auto

  init(_ value: JSONValue?) throws(RequestError) {
    guard let messages = value?.elements, messages.count > 0 else {
      throw Self.wrong(value == nil ? "is missing" : "is not a list of messages")
    }
    var details: [PictureDetail] = []
    var isAsked = false
    for message in messages {
      guard let role = message["role"]?.string else { throw Self.wrong("has a message without a role") }
      guard !isAsked else {
        throw Self.wrong("goes on after the user's first message", hint: "one user's message is answered at a time")
      }
      switch role {
      case "system", "developer":
        let text = try Self.parts(message).texts.joined(separator: "\n")
        system = system.map { "\($0)\n\(text)" } ?? text
      case "user":
        let parts = try Self.parts(message)
        (question, images) = (parts.texts.joined(separator: "\n"), parts.images)
        details = parts.details
        isAsked = true
      case "assistant", "tool", "function":
        throw Self.wrong(
          "holds a message of role \(role)", hint: "one user's message is answered, after an optional system message")
      default: throw Self.wrong("has a message of an unknown role", hint: "the roles are system and user")
      }
    }
    guard isAsked else { throw Self.wrong("has no message of a user") }
    guard Set(details).count <= 1 else {
      throw Self.wrong("has pictures of different detail", hint: "give all pictures of a message the same detail")
    }
    detail = details.first ?? .auto
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
