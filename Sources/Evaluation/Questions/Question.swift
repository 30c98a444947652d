/// One question of a question file, with the right answers beside it.
public struct Question: Sendable, Hashable {
  /// `question_id`: a number, or a string.
  public enum Identifier: Sendable, Hashable, CustomStringConvertible {
    case number(Int)
    case name(String)

    public var description: String {
      switch self {
      case .number(let number): "\(number)"
      case .name(let name): name
      }
    }
  }

  public let identifier: Identifier
  /// Relative to the folder of images: a picture, a folder of frames or a video. Empty where the question is about no
  /// picture, as half of ScienceQA's are.
  public let image: String
  public let text: String
  /// POPE's split, MME's task, or whatever else figures are given by.
  public let category: String?
  /// Right answers, as many as people gave; empty where the file has none.
  public let answers: [String]
  /// The choices of a question with choices, in the order of their letters; empty otherwise.
  public let options: [String]

  public init(
    identifier: Identifier, image: String, text: String, category: String? = nil, answers: [String] = [],
    options: [String] = []
  ) {
    self.identifier = identifier
    self.image = image
    self.text = text
    self.category = category
    self.answers = answers
    self.options = options
  }
}
