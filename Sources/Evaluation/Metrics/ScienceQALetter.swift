/// ScienceQA, graded as in LLaVA's script.
enum ScienceQALetter {
  static func isRight(_ answer: String, of question: Question) -> Bool {
    guard let letter = ScienceQAAnswer.letter(in: answer) else { return false }
    return letter == OptionLetter.right(of: question)
  }
}
