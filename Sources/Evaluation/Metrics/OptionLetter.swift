/// The letters of a question's options.
enum OptionLetter {
  static let all: [Character] = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ")

  /// The right answer's letter. Files give it as a letter, as the option's text or in a ScienceQA sentence; nil if it
  /// is none of these.
  static func right(of question: Question) -> Character? {
    guard let answer = question.answers.first?.strippedOfSpace else { return nil }
    // A letter comes first: one option's text may be another option's letter.
    if answer.count == 1, let letter = ScienceQAAnswer.letter(in: answer) { return letter }
    if let option = question.options.firstIndex(where: { $0.strippedOfSpace == answer }), option < all.count {
      return all[option]
    }
    return ScienceQAAnswer.letter(in: answer)
  }
}

/// What LLaVA's ScienceQA script reads from a sentence.
enum ScienceQAAnswer {
  /// A lone letter, a letter followed by ". ", or the letter of the only "The answer is X."; nil otherwise.
  static func letter(in text: String) -> Character? {
    let scalars = Array(text.unicodeScalars)
    if scalars.count == 1, isCapital(scalars[0]) { return Character(scalars[0]) }
    if scalars.count >= 3, isCapital(scalars[0]), scalars[1] == ".", scalars[2] == " " { return Character(scalars[0]) }
    let phrase = Array("The answer is ".unicodeScalars)
    var found: [Character] = []
    var start = 0
    while start + phrase.count + 1 < scalars.count {
      let end = start + phrase.count
      // The script's regular expression ends in an unescaped period, which matches any character but a line break.
      if scalars[start..<end].elementsEqual(phrase), isCapital(scalars[end]), scalars[end + 1] != "\n" {
        found.append(Character(scalars[end]))
        start = end + 2
      } else {
        start += 1
      }
    }
    return found.count == 1 ? found[0] : nil
  }

  private static func isCapital(_ scalar: Unicode.Scalar) -> Bool { ("A"..."Z").contains(scalar) }
}
