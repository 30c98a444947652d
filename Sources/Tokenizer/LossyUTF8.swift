/// Turns bytes that arrive in pieces into text. An invalid sequence becomes one U+FFFD, as the Unicode standard
/// recommends (section 3.9, "maximal subparts") and the reference does.
struct LossyUTF8: Sendable {
  static let replacement: [UInt8] = [0xEF, 0xBF, 0xBD]

  /// The beginning of a character: 0 to 3 bytes.
  private var pending: [UInt8] = []
  private var missing = 0
  /// The values that the next byte may have.
  private var allowed: ClosedRange<UInt8> = 0x80...0xBF

  /// Appends bytes; returns the text that is now complete.
  mutating func append(_ bytes: [UInt8]) -> [UInt8] {
    var output: [UInt8] = []
    output.reserveCapacity(bytes.count)
    for byte in bytes {
      if missing > 0 {
        if allowed.contains(byte) {
          pending.append(byte)
          missing -= 1
          allowed = 0x80...0xBF
          if missing == 0 {
            output += pending
            pending.removeAll()
          }
          continue
        }
        output += finish()
      }
      begin(byte, &output)
    }
    return output
  }

  /// Ends the text: an unfinished character becomes U+FFFD.
  mutating func finish() -> [UInt8] {
    defer {
      pending.removeAll()
      missing = 0
    }
    return pending.isEmpty ? [] : Self.replacement
  }

  private mutating func begin(_ byte: UInt8, _ output: inout [UInt8]) {
    switch byte {
    case 0..<0x80:
      output.append(byte)
      return
    case 0xC2...0xDF: (missing, allowed) = (1, 0x80...0xBF)
    case 0xE0: (missing, allowed) = (2, 0xA0...0xBF)
    case 0xED: (missing, allowed) = (2, 0x80...0x9F)
    case 0xE1...0xEF: (missing, allowed) = (2, 0x80...0xBF)
    case 0xF0: (missing, allowed) = (3, 0x90...0xBF)
    case 0xF1...0xF3: (missing, allowed) = (3, 0x80...0xBF)
    case 0xF4: (missing, allowed) = (3, 0x80...0x8F)
    default:
      output += Self.replacement
      return
    }
    pending = [byte]
  }
}
