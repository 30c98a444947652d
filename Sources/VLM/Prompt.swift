/// One exchange of a conversation: a question about so many pictures, and its answer once there is one.
public struct Turn: Sendable, Hashable {
  public var question: String
  /// Pictures that are new in this turn.
  public var pictures: Int
  public var answer: String?

  public init(question: String, pictures: Int, answer: String? = nil) {
    self.question = question
    self.pictures = pictures
    self.answer = answer
  }
}

/// A family's way of writing a conversation as one text. `image` is the placeholder's text, one a picture.
public protocol PromptTemplate: Sendable {
  /// The text up to where the model's next answer begins.
  func text(turns: [Turn], system: String?, image: String) -> String
}

/// `USER: <image>\n{question} ASSISTANT:`, as LLaVA-1.5's chat template writes it.
public struct VicunaPrompt: PromptTemplate {
  public init() {}

  public func text(turns: [Turn], system: String?, image: String) -> String {
    var text = system.map { "\($0) " } ?? ""
    for turn in turns {
      text += "USER: " + String(repeating: "\(image)\n", count: turn.pictures) + "\(turn.question) ASSISTANT:"
      if let answer = turn.answer { text += " \(answer) " }
    }
    return text
  }
}
