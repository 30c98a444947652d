/// A pattern that cuts text into words. Regular expressions are recognised by their exact text and scanned by hand:
/// a general engine is slow on them, and no two engines agree on every character.
enum SplitPattern: Sendable {
  case gpt2
  /// Qwen2's; the pattern of LLaMA-3 and GPT-4 differs only in allowing longer numbers.
  case gpt4(longestNumber: Int)
  /// CLIP's; some files add the special tokens as alternatives.
  case clip(specials: [[UInt8]])
  case literal([UInt8])

  /// Reads the member `pattern` of a section.
  init(_ section: TokenizerSection) throws(TokenizerError) {
    if let literal = try section.literalPattern() {
      self = .literal(literal)
      return
    }
    let expression = try section.expression()
    guard let known = Self.expressions[expression] else { throw section.unsupported("the pattern \(expression)") }
    self = known
  }

  private static let expressions: [String: SplitPattern] = {
    let gpt4 = { (number: String) in
      #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|"# + number
        + #"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
    }
    let clip = #"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"#
    return [
      #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#: .gpt2,
      gpt4(#"\p{N}"#): .gpt4(longestNumber: 1),
      gpt4(#"\p{N}{1,3}"#): .gpt4(longestNumber: 3),
      clip: .clip(specials: []),
      #"<\|startoftext\|>|<\|endoftext\|>|"# + clip:
        .clip(specials: [Array("<|startoftext|>".utf8), Array("<|endoftext|>".utf8)]),
    ]
  }()

  /// Cuts a stretch of text into matches and what lies between them, in order and without gaps.
  func pieces(of text: [UInt8], _ range: Range<Int>) -> [(range: Range<Int>, isMatch: Bool)] {
    if case .literal(let literal) = self { return Self.pieces(of: text, range, matching: literal) }
    let scalars = ScalarText(text, range)
    var pieces: [(range: Range<Int>, isMatch: Bool)] = []
    var gap = 0
    var index = 0
    while index < scalars.count {
      let end = self.end(of: scalars, from: index)
      if end == index {
        index += 1
        continue
      }
      if gap < index { pieces.append((scalars.starts[gap]..<scalars.starts[index], false)) }
      pieces.append((scalars.starts[index]..<scalars.starts[end], true))
      index = end
      gap = end
    }
    if gap < index { pieces.append((scalars.starts[gap]..<scalars.starts[index], false)) }
    return pieces
  }

  private static func pieces(
    of text: [UInt8], _ range: Range<Int>, matching literal: [UInt8]
  ) -> [(range: Range<Int>, isMatch: Bool)] {
    var pieces: [(range: Range<Int>, isMatch: Bool)] = []
    var gap = range.lowerBound
    var position = range.lowerBound
    while position + literal.count <= range.upperBound {
      guard text[position] == literal[0], text[position..<position + literal.count].elementsEqual(literal) else {
        position += 1
        continue
      }
      if gap < position { pieces.append((gap..<position, false)) }
      pieces.append((position..<position + literal.count, true))
      position += literal.count
      gap = position
    }
    if gap < range.upperBound { pieces.append((gap..<range.upperBound, false)) }
    return pieces
  }

  /// The end of the match at an index; the index itself where nothing matches.
  private func end(of text: ScalarText, from index: Int) -> Int {
    switch self {
    case .gpt2: text.gpt2End(from: index)
    case .gpt4(let longestNumber): text.gpt4End(from: index, longestNumber: longestNumber)
    case .clip(let specials): text.clipEnd(from: index, specials: specials)
    case .literal: index
    }
  }
}

// MARK: - The patterns, alternative by alternative

extension ScalarText {
  fileprivate func gpt2End(from start: Int) -> Int {
    if let end = contractionEnd(from: start) { return end }
    let word = kinds[start] == .blank ? start + 1 : start
    if word < count {
      switch kinds[word] {
      case .letter: return end(from: word) { $0 == .letter }
      case .number: return end(from: word) { $0 == .number }
      case .other: return end(from: word) { $0 == .other }
      case .blank, .newline, .space: break
      }
    }
    return spaceEnd(from: start)
  }

  fileprivate func gpt4End(from start: Int, longestNumber: Int) -> Int {
    if let end = contractionEnd(from: start, ignoringCase: true) { return end }
    let kind = kinds[start]
    if kind == .letter { return end(from: start) { $0 == .letter } }
    if kind == .number { return min(start + longestNumber, end(from: start) { $0 == .number }) }
    if kind != .newline, start + 1 < count, kinds[start + 1] == .letter {
      return end(from: start + 1) { $0 == .letter }
    }
    let word = kind == .blank ? start + 1 : start
    if word < count, kinds[word] == .other {
      return end(from: end(from: word) { $0 == .other }) { $0 == .newline }
    }
    let spaces = start..<end(from: start, while: \.isSpace)
    if let newline = kinds[spaces].lastIndex(of: .newline) { return newline + 1 }
    return spaceEnd(from: start)
  }

  fileprivate func clipEnd(from start: Int, specials: [[UInt8]]) -> Int {
    let bytes = text[starts[start]..<starts[count]]
    for special in specials where bytes.starts(with: special) { return start + special.count }
    if let end = contractionEnd(from: start) { return end }
    switch kinds[start] {
    case .letter: return end(from: start) { $0 == .letter }
    case .number: return start + 1
    case .other: return end(from: start) { $0 == .other }
    case .blank, .newline, .space: return start
    }
  }

  /// `\s+(?!\S)|\s+`: white space leaves its last character to the word that follows.
  private func spaceEnd(from start: Int) -> Int {
    let end = end(from: start, while: \.isSpace)
    return end == count || end - start == 1 ? end : end - 1
  }

  /// `'s|'t|'re|'ve|'m|'ll|'d`; nil where none matches.
  private func contractionEnd(from start: Int, ignoringCase: Bool = false) -> Int? {
    guard ascii(at: start) == UInt8(ascii: "'"), start + 1 < count else { return nil }
    switch (letter(at: start + 1, ignoringCase), letter(at: start + 2, ignoringCase)) {
    case (UInt8(ascii: "s"), _), (UInt8(ascii: "t"), _), (UInt8(ascii: "m"), _), (UInt8(ascii: "d"), _):
      return start + 2
    case (UInt8(ascii: "r"), UInt8(ascii: "e")), (UInt8(ascii: "v"), UInt8(ascii: "e")),
      (UInt8(ascii: "l"), UInt8(ascii: "l")):
      return start + 3
    default: return nil
    }
  }

  private func letter(at index: Int, _ ignoringCase: Bool) -> UInt8? {
    guard index < count else { return nil }
    guard let byte = ascii(at: index) else {
      // U+017F, the long s, is an s to a pattern that ignores case.
      let isLongS = text[starts[index]..<starts[index + 1]].elementsEqual([0xC5, 0xBF])
      return ignoringCase && isLongS ? UInt8(ascii: "s") : nil
    }
    return ignoringCase && (0x41...0x5A).contains(byte) ? byte + 0x20 : byte
  }
}
