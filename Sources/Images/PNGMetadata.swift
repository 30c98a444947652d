import CPNG

/// Reads the chunks of a PNG that can tell its orientation, by Pillow's rules: of several with one name the last
/// counts, eXIf wins over "Raw profile type exif", and XMP comes from text named "XML:com.adobe.xmp".
struct PNGMetadata {
  /// Longest text that a chunk may unpack to; Pillow refuses pictures with longer ones.
  private static let longestText = 1 << 20

  private(set) var metadata = PictureMetadata()
  private var rawProfile: [UInt8]?

  /// Throws where Pillow refuses the picture: for a profile that is not hexadecimal, an EXIF block that is not TIFF, or
  /// packed text of more than a megabyte.
  init(_ bytes: [UInt8]) throws(ImageError) {
    var position = ImageFormat.pngSignature.count
    while position + 12 <= bytes.count {
      let length = bytes[position..<(position + 4)].reduce(0) { $0 << 8 | Int($1) }
      let body = position + 8
      guard length <= bytes.count - body - 4 else { break }
      let content = bytes[body..<(body + length)]
      switch String(decoding: bytes[(position + 4)..<body], as: UTF8.self) {
      case "eXIf": metadata.exif = Array(content)
      case "tEXt": readText(content)
      case "zTXt": try readPackedText(content)
      case "iTXt": try readInternationalText(content)
      case "IEND": position = bytes.count
      default: break
      }
      position = max(position, body + length + 4)
    }
    if metadata.exif == nil, let rawProfile { metadata.exif = try Self.profile(rawProfile) }
    if metadata.hasForeignEXIF { throw .corrupt(format: .png, reason: "its EXIF block does not start as TIFF does") }
  }

  private mutating func readText(_ content: ArraySlice<UInt8>) {
    let parts = content.split(separator: 0, maxSplits: 1, omittingEmptySubsequences: false)
    keep(Array(parts.count > 1 ? parts[1] : []), named: parts[0])
  }

  private mutating func readPackedText(_ content: ArraySlice<UInt8>) throws(ImageError) {
    let parts = content.split(separator: 0, maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count > 1, let method = parts[1].first else { return keep([], named: parts[0]) }
    guard method == 0 else {
      throw .corrupt(format: .png, reason: "a text chunk (zTXt) is packed by method \(method), which is unknown")
    }
    // Text that cannot be unpacked counts as empty.
    keep(try Self.inflated(parts[1].dropFirst()) ?? [], named: parts[0])
  }

  private mutating func readInternationalText(_ content: ArraySlice<UInt8>) throws(ImageError) {
    let parts = content.split(separator: 0, maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2, parts[1].count >= 2 else { return }
    let isPacked = parts[1][parts[1].startIndex] != 0
    let method = parts[1][parts[1].startIndex + 1]
    let rest = parts[1].dropFirst(2).split(separator: 0, maxSplits: 2, omittingEmptySubsequences: false)
    guard rest.count == 3, !isPacked || method == 0 else { return }
    // Unlike in zTXt, text that cannot be unpacked is ignored.
    guard let text = isPacked ? try Self.inflated(rest[2]) : Array(rest[2]) else { return }
    keep(text, named: parts[0])
  }

  private mutating func keep(_ text: [UInt8], named name: ArraySlice<UInt8>) {
    if name.elementsEqual("XML:com.adobe.xmp".utf8) { metadata.xmp = text }
    if name.elementsEqual("Raw profile type exif".utf8) { rawProfile = text }
  }

  /// ImageMagick's form: an empty line, a line with the name, a line with the length, then hexadecimal digits.
  private static func profile(_ text: [UInt8]) throws(ImageError) -> [UInt8] {
    let lines = text.split(separator: 0x0a, omittingEmptySubsequences: false).dropFirst(3)
    var bytes: [UInt8] = []
    var high: UInt8?
    for character in lines.joined() {
      // White space may stand between bytes, never inside one.
      if high == nil && [0x20, 0x09, 0x0b, 0x0c, 0x0d].contains(character) { continue }
      guard let digit = Character(UnicodeScalar(character)).hexDigitValue.map({ UInt8($0) }) else {
        throw .corrupt(format: .png, reason: "its text \"Raw profile type exif\" is not hexadecimal")
      }
      if let first = high {
        bytes.append(first << 4 | digit)
        high = nil
      } else {
        high = digit
      }
    }
    guard high == nil else {
      throw .corrupt(format: .png, reason: "its text \"Raw profile type exif\" ends inside a byte")
    }
    return bytes
  }

  /// The unpacked bytes, as many as there are if the data end early; nil if they are damaged.
  private static func inflated(_ packed: ArraySlice<UInt8>) throws(ImageError) -> [UInt8]? {
    var status: Int32 = 0
    let source = Array(packed)
    let text = [UInt8](unsafeUninitializedCapacity: longestText) { buffer, initialised in
      var length = 0
      status = cpng_inflate(source, source.count, buffer.baseAddress, longestText, &length)
      initialised = length
    }
    if status == 1 { throw .corrupt(format: .png, reason: "a text chunk unpacks to more than \(longestText) bytes") }
    return status == 0 ? text : nil
  }
}
