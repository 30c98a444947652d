extension JSONParser {
  /// Reads a string at its opening quotation mark and puts it on the tape.
  mutating func parseString() throws(JSONError) {
    position += 1
    let start = position
    while position < text.count {
      switch text[position] {
      case UInt8(ascii: "\""):
        append(JSONNode(kind: .string, count: UInt32(position - start), payload: UInt64(start)))
        position += 1
        return
      case UInt8(ascii: "\\"):
        return try parseEscapedString(from: start)
      case 0..<0x20:
        throw unexpected("control character in a string")
      case 0x20..<0x80:
        position += 1
      default:
        try skipMultibyte()
      }
    }
    throw unexpected("expected a quotation mark")
  }

  /// Reads on from the first escape of a string that began at `start`, into the side buffer.
  private mutating func parseEscapedString(from start: Int) throws(JSONError) {
    let target = decoded.count
    var copied = start
    while position < text.count {
      switch text[position] {
      case UInt8(ascii: "\""):
        decoded += text[copied..<position]
        // Behind the source: see `JSONStorage.text`.
        append(JSONNode(kind: .string, count: UInt32(decoded.count - target), payload: UInt64(text.count + target)))
        position += 1
        return
      case UInt8(ascii: "\\"):
        decoded += text[copied..<position]
        try parseEscape()
        copied = position
      case 0..<0x20:
        throw unexpected("control character in a string")
      case 0x20..<0x80:
        position += 1
      default:
        try skipMultibyte()
      }
    }
    throw unexpected("expected a quotation mark")
  }

  /// Reads one escape, or two that make a surrogate pair.
  private mutating func parseEscape() throws(JSONError) {
    position += 1
    switch current {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): decoded.append(current)
    case UInt8(ascii: "b"): decoded.append(0x08)
    case UInt8(ascii: "f"): decoded.append(0x0C)
    case UInt8(ascii: "n"): decoded.append(0x0A)
    case UInt8(ascii: "r"): decoded.append(0x0D)
    case UInt8(ascii: "t"): decoded.append(0x09)
    case UInt8(ascii: "u"):
      position += 1
      return try parseUnicodeEscape()
    default: throw unexpected("unknown escape in a string")
    }
    position += 1
  }

  private mutating func parseUnicodeEscape() throws(JSONError) {
    let start = position - 2
    var code = try parseFourHexDigits()
    if (0xD800..<0xDC00).contains(code) {
      // Half a pair has no UTF-8; replacing it would make two different keys equal.
      let unpaired = JSONError.syntax("half a surrogate pair in a string", offset: start)
      guard current == UInt8(ascii: "\\"), position + 1 < text.count, text[position + 1] == UInt8(ascii: "u") else {
        throw unpaired
      }
      position += 2
      let low = try parseFourHexDigits()
      guard (0xDC00..<0xE000).contains(low) else { throw unpaired }
      code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
    }
    guard let scalar = Unicode.Scalar(code) else {
      throw .syntax("half a surrogate pair in a string", offset: start)
    }
    decoded += UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter
  }

  private mutating func parseFourHexDigits() throws(JSONError) -> UInt32 {
    var code: UInt32 = 0
    for _ in 0..<4 {
      let digit =
        switch current {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): current - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): current - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): current - UInt8(ascii: "A") + 10
        default: throw unexpected("expected four hexadecimal digits after \\u")
        }
      code = code << 4 | UInt32(digit)
      position += 1
    }
    return code
  }

  /// Steps over one character of two to four bytes, as the Unicode standard's table 3-7 allows them: no overlong
  /// forms, no surrogates, nothing above U+10FFFF.
  private mutating func skipMultibyte() throws(JSONError) {
    let lead = text[position]
    let (length, second): (Int, ClosedRange<UInt8>)
    switch lead {
    case 0xC2...0xDF: (length, second) = (2, 0x80...0xBF)
    case 0xE0: (length, second) = (3, 0xA0...0xBF)
    case 0xED: (length, second) = (3, 0x80...0x9F)
    case 0xE1...0xEF: (length, second) = (3, 0x80...0xBF)
    case 0xF0: (length, second) = (4, 0x90...0xBF)
    case 0xF1...0xF3: (length, second) = (4, 0x80...0xBF)
    case 0xF4: (length, second) = (4, 0x80...0x8F)
    default: throw .notUTF8(offset: position)
    }
    guard position + length <= text.count, second.contains(text[position + 1]) else { throw .notUTF8(offset: position) }
    for offset in 2..<max(length, 2) where text[position + offset] & 0xC0 != 0x80 {
      throw .notUTF8(offset: position)
    }
    position += length
  }
}
