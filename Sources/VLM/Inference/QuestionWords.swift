/// The words of a question that carry its meaning, as MMTok reads them.
enum QuestionWords {
  /// Words of letters, digits and underscores without the stop words, joined by spaces; the text itself where nothing
  /// is left.
  static func content(of question: String) -> String {
    var text = question
    for phrase in answerFormats { text = text.replacing(phrase, with: "") }
    let words = text.split { !isWordCharacter($0) }.map(String.init).filter { !stopWords.contains($0.lowercased()) }
    return words.isEmpty ? question : words.joined(separator: " ")
  }

  private static func isWordCharacter(_ character: Character) -> Bool {
    character.isLetter || character.isNumber || character == "_"
  }

  /// What LLaVA's benchmarks add to a question.
  private static let answerFormats = [
    "Answer the question using a single word or phrase.",
    "Answer with the option's letter from the given choices directly.",
  ]

  private static let stopWords = Set(
    """
    a an the is are was were be been being have has had do does did it they he she we you i what where when why how \
    who which and or but so if then question answer to for with by from at into onto upon
    """.split(separator: " ").map(String.init))
}
