/// One question of a question file, with its right answers.
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
  /// Path relative to the image folder: a picture, a folder of frames or a video. Empty for a question without a
  /// picture, like half of ScienceQA's.
  public let image: String
  public let text: String
  /// What results are grouped by, such as POPE's split or MME's task.
  public let category: String?
  /// Right answers, one per person who gave one; empty if the file has none.
  public let answers: [String]
  /// The options of a multiple-choice question, in the order of their letters; empty otherwise.
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
