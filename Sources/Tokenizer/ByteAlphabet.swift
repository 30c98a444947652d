/// GPT-2's alphabet for bytes: every byte is a printable character, so that a vocabulary of them is plain text.
///
/// Printable bytes of Latin-1 stand for themselves; the other 68 become U+0100, U+0101 and so on.
/// Source: openai/gpt-2, encoder.py, `bytes_to_unicode`.
enum ByteAlphabet {
  /// The UTF-8 form of each byte's character.
  static let characters: [[UInt8]] = codes.map { code in
    code < 0x80 ? [UInt8(code)] : [UInt8(0xC0 | code >> 6), UInt8(0x80 | code & 0x3F)]
  }

  /// The byte of each character below U+0144; nil for characters that stand for none.
  private static let bytes: [UInt8?] = {
    var bytes = [UInt8?](repeating: nil, count: 0x144)
    for byte in UInt8.min...UInt8.max { bytes[codes[Int(byte)]] = byte }
    return bytes
  }()

  private static let codes: [Int] = {
    var next = 0x100
    return (0...255).map { byte in
      if (0x21...0x7E).contains(byte) || (0xA1...0xAC).contains(byte) || (0xAE...0xFF).contains(byte) { return byte }
      defer { next += 1 }
      return next
    }
  }()

  /// The bytes that a token stands for; the token itself where a character of it stands for none.
  static func decode(_ token: [UInt8]) -> [UInt8] {
    var result: [UInt8] = []
    var position = 0
    while position < token.count {
      let code = Int(UTF8Text.scalar(in: token, at: position).value)
      guard code < bytes.count, let byte = bytes[code] else { return token }
      result.append(byte)
      position += UTF8Text.length(from: token[position])
    }
    return result
  }
}
