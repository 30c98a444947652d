/// SEED-Bench: the answer must be the right letter; white space around it is ignored.
enum SEEDLetter {
  static func isRight(_ answer: String, of question: Question) -> Bool {
    guard let right = OptionLetter.right(of: question) else { return false }
    return answer.strippedOfSpace == String(right)
  }
}
