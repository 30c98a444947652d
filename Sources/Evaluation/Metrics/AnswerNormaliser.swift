/// EvalAI's answer normaliser, step by step as in the published evaluators.
enum AnswerNormaliser {
  private static let punctuation: [Unicode.Scalar] = Array(#";/[]"{}()=+\_-><@`,?!"#.unicodeScalars)
  private static let articles: Set = ["a", "an", "the"]
  private static let numbers = [
    "none": "0", "zero": "0", "one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6",
    "seven": "7", "eight": "8", "nine": "9", "ten": "10",
  ]

  static func normalised(_ answer: String) -> String {
    let letters = Array(answer.lowercased().unicodeScalars).filter { $0 != "," && $0 != "?" }
    let scalars = stripped(separatingPossessive(letters[...])[...])
    let flat = stripped(scalars.map { $0 == "\n" || $0 == "\t" ? " " : $0 }[...])
    return words(withoutPunctuation(Array(flat)))
  }

  /// Puts a space before "'s".
  private static func separatingPossessive(_ scalars: ArraySlice<Unicode.Scalar>) -> [Unicode.Scalar] {
    var separated: [Unicode.Scalar] = []
    for (index, scalar) in zip(scalars.indices, scalars) {
      if scalar == "'", index + 1 < scalars.endIndex, scalars[index + 1] == "s" { separated.append(" ") }
      separated.append(scalar)
    }
    return separated
  }

  private static func withoutPunctuation(_ scalars: [Unicode.Scalar]) -> [Unicode.Scalar] {
    let pairs = zip(scalars, scalars.dropFirst())
    // A mark that touches a space anywhere is removed everywhere; any other mark becomes a space. Commas are already
    // gone, so the pattern digit-comma-digit, which would remove every mark, cannot occur.
    let beside = Set(pairs.compactMap { $1 == " " ? $0 : nil } + pairs.compactMap { $0 == " " ? $1 : nil })
    let spaced = scalars.compactMap { scalar -> Unicode.Scalar? in
      guard punctuation.contains(scalar) else { return scalar }
      return beside.contains(scalar) ? nil : " "
    }
    // The reference mistypes the lookbehind that it intends, and passes the flags as the limit on removals.
    var removals = 32
    return spaced.enumerated().compactMap { index, scalar in
      let isBeforeDigit = index + 1 < spaced.count && spaced[index + 1].properties.numericType == .decimal
      guard scalar == ".", !isBeforeDigit, removals > 0 else { return scalar }
      removals -= 1
      return nil
    }
  }

  private static func words(_ scalars: [Unicode.Scalar]) -> String {
    scalars.split(whereSeparator: isSpace)
      .map { String(String.UnicodeScalarView($0)) }
      .map { numbers[$0] ?? $0 }
      .filter { !articles.contains($0) }
      .map { AnswerContractions.table[$0] ?? $0 }
      .joined(separator: " ")
  }

  private static func stripped(_ scalars: ArraySlice<Unicode.Scalar>) -> ArraySlice<Unicode.Scalar> {
    var rest = scalars.drop(while: isSpace)
    while let last = rest.last, isSpace(last) { rest.removeLast() }
    return rest
  }

  /// White space as defined by Python's str: Unicode's, plus four separators.
  private static func isSpace(_ scalar: Unicode.Scalar) -> Bool {
    scalar.properties.isWhitespace || (0x1C...0x1F).contains(scalar.value)
  }
}
