/// A stretch of text as the split patterns see it: one kind per character.
struct ScalarText {
  /// What the patterns tell apart. Every character has exactly one kind.
  enum Kind: UInt8 {
    case letter, number
    /// U+0020.
    case blank
    /// Carriage return or line feed.
    case newline
    /// White space that is neither of the two.
    case space
    case other

    var isSpace: Bool { self == .blank || self == .newline || self == .space }
  }

  let text: [UInt8]
  private(set) var kinds: [Kind] = []
  /// Where each character begins in `text`, and the end of the stretch.
  private(set) var starts: [Int] = []

  var count: Int { kinds.count }

  init(_ text: [UInt8], _ range: Range<Int>) {
    self.text = text
    kinds.reserveCapacity(range.count)
    starts.reserveCapacity(range.count + 1)
    var position = range.lowerBound
    while position < range.upperBound {
      starts.append(position)
      let lead = text[position]
      kinds.append(lead < 0x80 ? Self.asciiKinds[Int(lead)] : Self.kind(of: UTF8Text.scalar(in: text, at: position)))
      position += UTF8Text.length(from: lead)
    }
    starts.append(range.upperBound)
  }

  private static let asciiKinds: [Kind] = (UInt8(0)..<128).map { kind(of: Unicode.Scalar($0)) }

  private static func kind(of scalar: Unicode.Scalar) -> Kind {
    if scalar == " " { return .blank }
    if scalar == "\n" || scalar == "\r" { return .newline }
    switch scalar.properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: return .letter
    case .decimalNumber, .letterNumber, .otherNumber: return .number
    default: break
    }
    if scalar.properties.isWhitespace { return .space }
    if RecentLetters.letters.contains(where: { $0.contains(scalar.value) }) { return .letter }
    if RecentLetters.numbers.contains(where: { $0.contains(scalar.value) }) { return .number }
    return .other
  }

  /// The byte of an ASCII character; nil for any other character and behind the end.
  func ascii(at index: Int) -> UInt8? {
    guard index < count, text[starts[index]] < 0x80 else { return nil }
    return text[starts[index]]
  }

  /// The end of the run of characters of a kind that begins at an index; the index itself where there is none.
  func end(from index: Int, while condition: (Kind) -> Bool) -> Int {
    var end = index
    while end < count, condition(kinds[end]) { end += 1 }
    return end
  }
}

/// Characters of Unicode 17, which the regular expressions of `tokenizers` 0.23 know and Swift 6.3 does not yet.
private enum RecentLetters {
  static let letters: [ClosedRange<UInt32>] = [
    0x88F...0x88F, 0xC5C...0xC5C, 0xCDC...0xCDC, 0xA7CE...0xA7CF, 0xA7D2...0xA7D2, 0xA7D4...0xA7D4, 0xA7F1...0xA7F1,
    0x10940...0x10959, 0x10EC5...0x10EC7, 0x11DB0...0x11DDB, 0x16EA0...0x16EB8, 0x16EBB...0x16ED3, 0x16FF2...0x16FF3,
    0x187F8...0x187FF, 0x18D09...0x18D1E, 0x18D80...0x18DF2, 0x1E6C0...0x1E6DE, 0x1E6E0...0x1E6E2, 0x1E6E4...0x1E6E5,
    0x1E6E7...0x1E6ED, 0x1E6F0...0x1E6F4, 0x1E6FE...0x1E6FF, 0x2B73A...0x2B73F, 0x2CEA2...0x2CEAD, 0x323B0...0x33479,
  ]
  static let numbers: [ClosedRange<UInt32>] = [0x11DE0...0x11DE9, 0x16FF4...0x16FF6]
}
