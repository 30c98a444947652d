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

  /// A question about `pictures` images.
  public init(question: String, pictures: Int, answer: String? = nil) {
    self.init(question: question, pictures: [PictureKind](repeating: .image, count: pictures), answer: answer)
  }
}

/// A way of writing a conversation as one text. The checkpoint itself says which one it was trained with: see
/// `TemplateRecognition`.
public protocol PromptTemplate: Sendable {
  /// The command line's spelling.
  var name: String { get }
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
  func content(of turn: Turn, _ placeholder: (PictureKind) -> String) -> String {
    turn.pictures.map { "\(placeholder($0))\n" }.joined() + turn.question
  }
}
