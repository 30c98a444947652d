// Foundation's precomposedStringWithCanonicalMapping is wrong on Linux (it loses Hangul syllables and inserts U+FFFD).
// This is the form that String's own comparison uses, and the only correct one in the toolchain.
@_spi(_Unicode) import Swift

/// Unicode normalisation form C, with the characters of Unicode 9: the reference's tables are that old.
enum CanonicalComposition {
  /// The canonical composition of a text. Valid UTF-8 before and after.
  static func compose(_ text: [UInt8]) -> [UInt8] {
    // U+0300 (CC 80) is the first character that the form can change.
    guard text.contains(where: { $0 >= 0xCC }) else { return text }
    var result: [UInt8] = []
    result.reserveCapacity(text.count)
    // In the reference a newer character is neither a mark nor part of a composition: it separates two texts.
    var known = String.UnicodeScalarView()
    for scalar in String(decoding: text, as: UTF8.self).unicodeScalars {
      if scalar.isNewer(than: 9) {
        append(known, to: &result)
        known = String.UnicodeScalarView()
        result += UTF8Text.bytes(of: scalar)
      } else {
        known.append(scalar)
      }
    }
    append(known, to: &result)
    return result
  }

  private static func append(_ scalars: String.UnicodeScalarView, to result: inout [UInt8]) {
    for scalar in String(scalars)._nfc { result += UTF8Text.bytes(of: scalar) }
  }
}
