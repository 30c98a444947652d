/// MMBench's own rules for reading an option from an answer. An answer that they cannot read counts as wrong; the
/// published leaderboard asks a language model about those.
enum MMBenchLetter {
  static func isRight(_ answer: String, of question: Question) -> Bool {
    guard let right = OptionLetter.right(of: question) else { return false }
    return letter(in: answer, options: question.options) == right
  }

  /// The only letter that stands as a word; failing that, the letter of the only option whose text occurs in the
  /// answer, in any case.
  static func letter(in answer: String, options: [String]) -> Character? {
    // Without option texts, assume four options, MMBench's maximum.
    let letters = OptionLetter.all.prefix(options.isEmpty ? 4 : options.count)
    let words = Set(answer.split { ".()[],:;!*#{}".contains($0) || $0.isWhitespace }.map(String.init))
    let named = letters.filter { words.contains(String($0)) }
    if named.count == 1 { return named[0] }
    let lowered = answer.lowercased()
    let held = zip(letters, options).filter { lowered.contains($0.1.lowercased()) }
    return held.count == 1 ? held[0].0 : nil
  }

  /// The question that a copy with rotated options belongs to. A copy's number is the original's plus a multiple of a
  /// million.
  static func original(of identifier: Question.Identifier) -> Question.Identifier {
    switch identifier {
    case .number(let number): .number(number % 1_000_000)
    case .name: identifier
    }
  }
}
