import CPNG

/// The chunks of a PNG that can tell its orientation, by Pillow's rules. Pillow keeps texts and EXIF in one table by
/// name, where the last one counts, so that a text named "exif" takes the place of the chunk eXIf.
struct PNGTexts {
  /// Longest text that a chunk may unpack to; Pillow refuses pictures with longer ones.
  static let longestText = 1 << 20
  /// Most characters in all texts together.
  private static let mostCharacters = 64 << 20

  /// An entry of Pillow's table, which keeps some as bytes and some as text.
  private enum Entry {
    case bytes([UInt8])
    case text([UInt8])
  }

  private var exif: Entry?
  private var rawProfile: [UInt8]?
  private var xmp: Entry?
  /// The text named "XML:com.adobe.xmp".
  private var xmpText: [UInt8]?
  private var characters = 0

  /// Reads the body of a chunk; other chunks than texts and eXIf are ignored.
  /// - Throws: where Pillow refuses the picture: an unknown packing of zTXt, or texts that are too long.
  mutating func read(_ name: String, _ body: ArraySlice<UInt8>) throws(ImageError) {
    switch name {
    case "eXIf": exif = .bytes(Array(body))
    case "tEXt": try readText(body)
    case "zTXt": try readPackedText(body)
    case "iTXt": try readInternationalText(body)
    default: break
    }
  }

  private mutating func readText(_ body: ArraySlice<UInt8>) throws(ImageError) {
    let parts = body.split(separator: 0, maxSplits: 1, omittingEmptySubsequences: false)
    let text = Array(parts.count > 1 ? parts[1] : [])
    try keep(text, named: parts[0])
    if parts[0].elementsEqual("exif".utf8) { exif = .bytes(PictureMetadata.withoutName(text)) }
  }

  private mutating func readPackedText(_ body: ArraySlice<UInt8>) throws(ImageError) {
    let parts = body.split(separator: 0, maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count > 1, let method = parts[1].first else { return try keep([], named: parts[0]) }
    guard method == 0 else {
      throw .corrupt(format: .png, reason: "a text chunk (zTXt) is packed by method \(method), which is unknown")
    }
    // Text that cannot be unpacked counts as empty.
    try keep(try Self.inflated(parts[1].dropFirst()) ?? [], named: parts[0])
  }

  private mutating func readInternationalText(_ body: ArraySlice<UInt8>) throws(ImageError) {
    let parts = body.split(separator: 0, maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2, parts[1].count >= 2 else { return }
    let isPacked = parts[1][parts[1].startIndex] != 0
    let method = parts[1][parts[1].startIndex + 1]
    let rest = parts[1].dropFirst(2).split(separator: 0, maxSplits: 2, omittingEmptySubsequences: false)
    guard rest.count == 3, !isPacked || method == 0 else { return }
    // Unlike in zTXt, text that cannot be unpacked is ignored.
    guard let text = isPacked ? try Self.inflated(rest[2]) : Array(rest[2]) else { return }
    if parts[0].elementsEqual("XML:com.adobe.xmp".utf8) { xmp = .bytes(text) }
    // Of a text that is not UTF-8, Pillow keeps only these bytes.
    guard let decoded = String(validating: text, as: UTF8.self), String(validating: rest[0], as: UTF8.self) != nil,
      String(validating: rest[1], as: UTF8.self) != nil
    else { return }
    try keep(text, named: parts[0], characters: decoded.unicodeScalars.count)
  }

  /// - Parameter length: characters of the text; as many as bytes if nil, as in Latin-1.
  private mutating func keep(
    _ text: [UInt8], named name: ArraySlice<UInt8>, characters length: Int? = nil
  ) throws(ImageError) {
    guard !name.isEmpty else { return }
    switch String(decoding: name, as: UTF8.self) {
    case "XML:com.adobe.xmp": xmpText = text
    case "Raw profile type exif": rawProfile = text
    case "exif": exif = .text(text)
    case "xmp": xmp = .text(text)
    default: break
    }
    characters += length ?? text.count
    guard characters <= Self.mostCharacters else {
      throw .corrupt(format: .png, reason: "its texts have more than \(Self.mostCharacters) characters")
    }
  }

  /// The unpacked bytes, as many as there are if the data end early; nil if they are damaged.
  /// - Throws: if there are more than a text may have.
  static func inflated(_ packed: ArraySlice<UInt8>) throws(ImageError) -> [UInt8]? {
    var status: Int32 = 0
    let source = Array(packed)
    let text = [UInt8](unsafeUninitializedCapacity: longestText) { buffer, initialised in
      var length = 0
      status = cpng_inflate(source, source.count, buffer.baseAddress, longestText, &length)
      initialised = length
    }
    if status == 1 { throw .corrupt(format: .png, reason: "a packed chunk has more than \(longestText) bytes") }
    return status == 0 ? text : nil
  }
}

extension PNGTexts {
  /// - Throws: where Pillow refuses the picture: for EXIF or XMP in a text chunk that it keeps as text but reads as
  ///   bytes, a profile that is not hexadecimal, or an EXIF block that is not TIFF.
  func metadata() throws(ImageError) -> PictureMetadata {
    var metadata = PictureMetadata()
    switch exif {
    case .bytes(let block): metadata.exif = block
    case .text: throw .corrupt(format: .png, reason: "its EXIF block is in a packed or international text chunk")
    case nil: metadata.exif = try rawProfile.map(Self.profile)
    }
    if metadata.hasForeignEXIF { throw .corrupt(format: .png, reason: "its EXIF block does not start as TIFF does") }
    // Pillow looks at XMP only if EXIF does not settle the orientation.
    guard metadata.exifValue == .absent else { return metadata }
    if let xmpText, !xmpText.isEmpty {
      metadata.xmp = xmpText
      return metadata
    }
    switch xmp {
    case .bytes(let packet): metadata.xmp = packet
    case .text(let text) where !text.isEmpty:
      throw .corrupt(format: .png, reason: "its XMP packet is in a text chunk named \"xmp\"")
    case .text, nil: break
    }
    return metadata
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
    return PictureMetadata.withoutName(bytes)
  }
}
