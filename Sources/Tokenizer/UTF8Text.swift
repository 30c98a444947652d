/// Steps through UTF-8 that is known to be valid.
enum UTF8Text {
  /// The length of the character that begins with this byte.
  static func length(from lead: UInt8) -> Int {
    switch lead {
    case 0..<0x80: 1
    case 0..<0xE0: 2
    case 0..<0xF0: 3
    default: 4
    }
  }

  /// The character at a position.
  static func scalar(in text: [UInt8], at position: Int) -> Unicode.Scalar {
    let lead = text[position]
    if lead < 0x80 { return Unicode.Scalar(lead) }
    let length = length(from: lead)
    var code = UInt32(lead) & (0x7F >> UInt32(length))
    for offset in 1..<length { code = code << 6 | UInt32(text[position + offset] & 0x3F) }
    return Unicode.Scalar(code) ?? "\u{FFFD}"
  }

  /// The start of the character that ends before a position greater than 0.
  static func start(in text: [UInt8], before position: Int) -> Int {
    var start = position - 1
    while start > 0, text[start] & 0xC0 == 0x80 { start -= 1 }
    return start
  }
}

extension UTF8Text {
  /// The UTF-8 form of a character.
  static func bytes(of scalar: Unicode.Scalar) -> Unicode.UTF8.EncodedScalar {
    // Every scalar has one: only surrogates do not, and they are no scalars.
    UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter
  }
}

extension Unicode.Scalar {
  /// Whether the character came after this version of Unicode: parts of the reference have older tables than Swift.
  func isNewer(than version: Int) -> Bool {
    guard !isASCII, let age = properties.age else { return false }
    return age.major > version
  }
}
