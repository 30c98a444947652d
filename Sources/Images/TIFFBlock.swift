/// The first directory of a TIFF block, as EXIF uses it, read by Pillow 13's rules.
struct TIFFBlock {
  private let bytes: [UInt8]
  private let isLittleEndian: Bool

  /// nil unless the block starts with a TIFF header. Like Pillow, accepts a header whose 42 is in the wrong byte order.
  init?(_ bytes: [UInt8]) {
    guard bytes.count >= 8 else { return nil }
    switch (bytes[0], bytes[1]) {
    case (0x49, 0x49): isLittleEndian = true
    case (0x4d, 0x4d): isLittleEndian = false
    default: return nil
    }
    guard bytes[2..<4] == [42, 0] || bytes[2..<4] == [0, 42] else { return nil }
    self.bytes = bytes
  }

  /// What a directory says about a tag.
  enum Value: Equatable {
    case absent
    /// The first of its values, a whole number.
    case integer(Int)
    /// Present, but not a whole number: bytes, text, or a number with a fraction.
    case other
  }

  /// The first value of a tag. If a tag is repeated, the first entry counts.
  ///
  /// Skipped are entries of an unknown type, entries without values, and entries that bring the values read so far
  /// to more bytes than the block has. An entry whose values lie outside the block ends the directory.
  func firstDirectoryValue(tag wanted: Int) -> Value {
    guard let directory = number(at: 4, bytes: 4), let count = number(at: directory, bytes: 2) else { return .absent }
    var seen: Set<Int> = []
    var read = 0
    for index in 0..<count {
      let entry = directory + 2 + 12 * index
      guard entry + 12 <= bytes.count, let tag = number(at: entry, bytes: 2) else { break }
      guard !seen.contains(tag), let type = number(at: entry + 2, bytes: 2), let size = Self.sizes[type],
        let values = number(at: entry + 4, bytes: 4)
      else { continue }
      var place = entry + 8
      if values * size > 4 {
        read += values * size
        guard read <= bytes.count else { continue }
        guard let offset = number(at: place, bytes: 4), offset + values * size <= bytes.count else { break }
        place = offset
      }
      guard values > 0 else { continue }
      if tag == wanted { return value(of: type, at: place) }
      seen.insert(tag)
    }
    return .absent
  }

  /// Bytes of a value by TIFF type.
  private static let sizes = [1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8]

  /// Python compares numbers by value, so a fraction or a floating-point number can be the whole number 6 too.
  private func value(of type: Int, at place: Int) -> Value {
    let whole: Int?
    switch type {
    case 3, 8: whole = number(at: place, bytes: 2)
    case 4, 9, 13: whole = number(at: place, bytes: 4)
    case 6: whole = number(at: place, bytes: 1)
    case 16: whole = number(at: place, bytes: 8)
    case 5: whole = quotient(number(at: place, bytes: 4), number(at: place + 4, bytes: 4))
    case 10: whole = quotient(signed(at: place), signed(at: place + 4))
    case 11:
      whole = number(at: place, bytes: 4).flatMap { Int(exactly: Float(bitPattern: UInt32(truncatingIfNeeded: $0))) }
    case 12:
      whole = number(at: place, bytes: 8).flatMap { Int(exactly: Double(bitPattern: UInt64(bitPattern: Int64($0)))) }
    // Pillow makes a string of bytes of type BYTE (1).
    default: whole = nil
    }
    return whole.map(Value.integer) ?? .other
  }

  private func quotient(_ numerator: Int?, _ denominator: Int?) -> Int? {
    guard let numerator, let denominator, denominator != 0, numerator % denominator == 0 else { return nil }
    return numerator / denominator
  }

  private func signed(at offset: Int) -> Int? {
    number(at: offset, bytes: 4).map { Int(Int32(truncatingIfNeeded: $0)) }
  }

  /// Unsigned; eight bytes keep their bits.
  private func number(at offset: Int, bytes count: Int) -> Int? {
    guard offset >= 0, offset + count <= bytes.count else { return nil }
    let digits = bytes[offset..<(offset + count)]
    return isLittleEndian
      ? digits.reversed().reduce(0) { $0 << 8 | Int($1) } : digits.reduce(0) { $0 << 8 | Int($1) }
  }
}
