/// A stretch of text as the split patterns see it: one kind per character.
struct ScalarText {
  /// What the patterns tell apart. Every character has exactly one kind.
  enum Kind: UInt8 {
    case letter, number
    /// U+0020.
    case blank
    /// Carriage return or line feed.
    case newline
    /// White space other than those two.
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
    // The reference's regular expressions know Unicode 16; Swift 6.3 knows 17.
    if scalar.isNewer(than: 16) { return .other }
    switch scalar.properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: return .letter
    case .decimalNumber, .letterNumber, .otherNumber: return .number
    default: return scalar.properties.isWhitespace ? .space : .other
    }
  }

  /// The byte of an ASCII character; nil for any other character and past the end.
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
