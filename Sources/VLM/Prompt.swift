/// One exchange of a conversation: a question about pictures, and its answer once there is one.
public struct Turn: Sendable, Hashable {
  public var question: String
  /// Pictures that are new in this turn.
  public var pictures: [PictureKind]
  public var answer: String?

  public init(question: String, pictures: [PictureKind], answer: String? = nil) {
    self.question = question
    self.pictures = pictures
    self.answer = answer
  }

  /// A question about so many images.
  public init(question: String, pictures: Int, answer: String? = nil) {
    self.init(question: question, pictures: [PictureKind](repeating: .image, count: pictures), answer: answer)
  }
}

/// A family's way of writing a conversation as one text.
public protocol PromptTemplate: Sendable {
  /// The text up to where the model's next answer begins.
  /// - Parameter placeholder: the text that stands for a picture.
  func text(turns: [Turn], system: String?, placeholder: (PictureKind) -> String) -> String
}

extension PromptTemplate {
  /// The text where every picture is an image, whose placeholder is `image`.
  public func text(turns: [Turn], system: String?, image: String) -> String {
    text(turns: turns, system: system) { _ in image }
  }

  /// The placeholders of a turn, each on a line of its own, and its question.
  fileprivate func content(of turn: Turn, _ placeholder: (PictureKind) -> String) -> String {
    turn.pictures.map { "\(placeholder($0))\n" }.joined() + turn.question
  }
}

/// `USER: <image>\n{question} ASSISTANT:`, as LLaVA-1.5's chat template writes it.
public struct VicunaPrompt: PromptTemplate {
  public init() {}

  public func text(turns: [Turn], system: String?, placeholder: (PictureKind) -> String) -> String {
    var text = system.map { "\($0) " } ?? ""
    for turn in turns {
      text += "USER: \(content(of: turn, placeholder)) ASSISTANT:"
      if let answer = turn.answer { text += " \(answer) " }
    }
    return text
  }
}

/// `[INST] <image>\n{question} [/INST]`, as Mistral's instructions and LLaVA-NeXT's chat template write it.
public struct MistralPrompt: PromptTemplate {
  public init() {}

  public func text(turns: [Turn], system: String?, placeholder: (PictureKind) -> String) -> String {
    var text = system.map { "<<SYS>>\n\($0)\n<</SYS>>\n\n" } ?? ""
    for turn in turns {
      text += "[INST] \(content(of: turn, placeholder)) [/INST]"
      if let answer = turn.answer { text += " \(answer)</s>" }
    }
    return text
  }
}

/// LLaMA-3's headers of turns; `<|begin_of_text|>` comes from the tokenizer.
public struct Llama3Prompt: PromptTemplate {
  /// The token that tells a LLaMA-3 tokenizer from others.
  static let headerToken = "<|start_header_id|>"

  public init() {}

  public func text(turns: [Turn], system: String?, placeholder: (PictureKind) -> String) -> String {
    var text = system.map { Self.turn(of: "system", $0) } ?? ""
    for turn in turns {
      text += Self.turn(of: "user", content(of: turn, placeholder)) + Self.header("assistant")
      if let answer = turn.answer { text += "\(answer)<|eot_id|>" }
    }
    return text
  }

  private static func turn(of role: String, _ content: String) -> String { "\(header(role))\(content)<|eot_id|>" }

  private static func header(_ role: String) -> String { "\(headerToken)\(role)<|end_header_id|>\n\n" }
}
