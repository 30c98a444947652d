/// Finds added tokens in a text: the leftmost first, and the longest of those at one place.
struct AddedTokenMatcher: Sendable {
  /// A stretch of a text: an added token, or what lies between two.
  struct Segment {
    let range: Range<Int>
    let id: Int?
  }

  private struct Pattern {
    let text: [UInt8]
    let token: AddedToken
  }

  /// Patterns by their first byte, longest first.
  private let patterns: [[Pattern]]

  init(_ tokens: some Sequence<([UInt8], AddedToken)>) {
    var patterns = [[Pattern]](repeating: [], count: 256)
    for (text, token) in tokens {
      guard let first = text.first else { continue }
      // After those of equal length, because the first match among them counts.
      let bucket = patterns[Int(first)]
      let place = bucket.firstIndex { $0.text.count < text.count } ?? bucket.count
      patterns[Int(first)].insert(Pattern(text: text, token: token), at: place)
    }
    self.patterns = patterns
  }

  /// Cuts a text into added tokens and the stretches between them; an empty text is one empty stretch.
  func segments(of text: [UInt8]) -> [Segment] {
    guard !text.isEmpty else { return [Segment(range: 0..<0, id: nil)] }
    var segments: [Segment] = []
    var consumed = 0
    var position = 0
    while let (found, token) = firstMatch(in: text, from: position) {
      position = found.upperBound
      if token.isSingleWord, !standsAlone(found, in: text) { continue }
      var (start, end) = (found.lowerBound, found.upperBound)
      if token.stripsLeft { start = max(spaceStart(in: text, before: start), consumed) }
      if token.stripsRight { end = spaceEnd(in: text, from: end) }
      if consumed < start { segments.append(Segment(range: consumed..<start, id: nil)) }
      segments.append(Segment(range: start..<end, id: token.id))
      // The search continues after the token itself, not after its white space, as in the reference.
      consumed = end
    }
    if consumed < text.count { segments.append(Segment(range: consumed..<text.count, id: nil)) }
    return segments
  }

  private func firstMatch(in text: [UInt8], from start: Int) -> (Range<Int>, AddedToken)? {
    for position in start..<max(start, text.count) {
      for pattern in patterns[Int(text[position])] where text[position...].starts(with: pattern.text) {
        return (position..<position + pattern.text.count, pattern.token)
      }
    }
    return nil
  }

  private func standsAlone(_ range: Range<Int>, in text: [UInt8]) -> Bool {
    if range.lowerBound > 0 {
      let before = UTF8Text.scalar(in: text, at: UTF8Text.start(in: text, before: range.lowerBound))
      if before.isWordCharacter { return false }
    }
    return range.upperBound == text.count || !UTF8Text.scalar(in: text, at: range.upperBound).isWordCharacter
  }

  private func spaceStart(in text: [UInt8], before end: Int) -> Int {
    var start = end
    while start > 0 {
      let candidate = UTF8Text.start(in: text, before: start)
      guard UTF8Text.scalar(in: text, at: candidate).properties.isWhitespace else { break }
      start = candidate
    }
    return start
  }

  private func spaceEnd(in text: [UInt8], from start: Int) -> Int {
    var end = start
    while end < text.count, UTF8Text.scalar(in: text, at: end).properties.isWhitespace {
      end += UTF8Text.length(from: text[end])
    }
    return end
  }
}

extension Unicode.Scalar {
  /// A word character as regular expressions define it: UTS 18, \w.
  fileprivate var isWordCharacter: Bool {
    if properties.isAlphabetic || properties.isJoinControl { return true }
    switch properties.generalCategory {
    case .nonspacingMark, .spacingMark, .enclosingMark, .decimalNumber, .connectorPunctuation: return true
    default: return false
    }
  }
}
