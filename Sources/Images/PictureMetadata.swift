/// What a file says about its picture's orientation: an EXIF block and an XMP text, each if present.
struct PictureMetadata {
  /// The bytes after a first "Exif\0\0": a TIFF block, if the file is valid.
  var exif: [UInt8]?
  /// The text of the XMP packet, not decoded.
  var xmp: [UInt8]?

  /// The orientation by Pillow's rule: EXIF's tag wins even if its value is no orientation; XMP is used only if EXIF
  /// lacks the tag.
  ///
  /// An EXIF block that is not TIFF means upright, whatever XMP says, as Pillow does for JPEG.
  var orientation: Orientation {
    switch exifValue {
    case .integer(let value): Orientation(rawValue: value) ?? .upright
    case .other: .upright
    case .absent where hasForeignEXIF: .upright
    case .absent: xmp.flatMap(Self.orientation(xmp:)).flatMap(Orientation.init(rawValue:)) ?? .upright
    }
  }

  /// What EXIF says about the orientation (tag 0x0112).
  var exifValue: TIFFBlock.Value { TIFFBlock(block)?.firstDirectoryValue(tag: 0x0112) ?? .absent }

  /// Whether there is an EXIF block that is not TIFF.
  var hasForeignEXIF: Bool { !block.isEmpty && TIFFBlock(block) == nil }

  /// Some writers repeat the name before the block; Pillow accepts that once.
  private var block: [UInt8] { Self.withoutName(exif ?? []) }

  /// A block without the name that may be before it.
  static func withoutName(_ block: [UInt8]) -> [UInt8] {
    let name = "Exif\0\0".utf8
    return block.starts(with: name) ? Array(block.dropFirst(name.count)) : block
  }

  /// The digit of the first `tiff:Orientation="6"` or `<tiff:Orientation>6`, as Pillow's pattern finds it.
  private static func orientation(xmp: [UInt8]) -> Int? {
    let name = Array("tiff:Orientation".utf8)
    guard xmp.count > name.count else { return nil }
    for start in 0..<(xmp.count - name.count) where xmp[start] == name[0] && xmp[start...].starts(with: name) {
      var rest = xmp[(start + name.count)...]
      if rest.starts(with: Array("=\"".utf8)) {
        rest = rest.dropFirst(2)
      } else if rest.first == UInt8(ascii: ">") {
        rest = rest.dropFirst()
      } else {
        continue
      }
      if let digit = rest.first, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) {
        return Int(digit - UInt8(ascii: "0"))
      }
    }
    return nil
  }
}
