/// MMBench, as its own rules read an option out of an answer. What they cannot read is wrong; the published leaderboard
/// asks a language model about those.
enum MMBenchLetter {
  static func isRight(_ answer: String, of question: Question) -> Bool {
    guard let right = OptionLetter.right(of: question) else { return false }
    return letter(in: answer, options: question.options) == right
  }

  /// The only letter that stands as a word; else the letter of the only option whose text occurs, in any case.
  static func letter(in answer: String, options: [String]) -> Character? {
    // Without the options' texts, four of them, as MMBench has at most.
    let letters = OptionLetter.all.prefix(options.isEmpty ? 4 : options.count)
    let words = Set(answer.split { ".()[],:;!*#{}".contains($0) || $0.isWhitespace }.map(String.init))
    let named = letters.filter { words.contains(String($0)) }
    if named.count == 1 { return named[0] }
    let lowered = answer.lowercased()
    let held = zip(letters, options).filter { lowered.contains($0.1.lowercased()) }
    return held.count == 1 ? held[0].0 : nil
  }

  /// Which question a copy with rotated options belongs to: copies add multiples of a million to its number.
  static func original(of identifier: Question.Identifier) -> Question.Identifier {
    switch identifier {
    case .number(let number): .number(number % 1_000_000)
    case .name: identifier
    }
  }
}
