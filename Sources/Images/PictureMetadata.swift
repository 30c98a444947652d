/// What a file says about its picture's orientation: an EXIF block and an XMP text, each where it is present.
struct PictureMetadata {
  /// The bytes after "Exif\0\0": a TIFF block, if the file is valid.
  var exif: [UInt8]?
  /// The text of the XMP packet, not decoded.
  var xmp: [UInt8]?

  /// The orientation by Pillow's rule: EXIF's tag wins even if its value is no orientation; XMP is used only if EXIF
  /// lacks the tag.
  ///
  /// An EXIF block that is not TIFF means upright, whatever XMP says, as Pillow does for JPEG.
  var orientation: Orientation {
    if let exif = Self.withoutName(exif ?? []), !exif.isEmpty {
      guard let block = TIFFBlock(exif) else { return .upright }
      switch block.firstDirectoryValue(tag: 0x0112) {
      case .integer(let value): return Orientation(rawValue: value) ?? .upright
      case .other: return .upright
      case .absent: break
      }
    }
    return xmp.flatMap(Self.orientation(xmp:)).flatMap(Orientation.init(rawValue:)) ?? .upright
  }

  /// Whether there is an EXIF block that is not TIFF. Pillow refuses such a PNG and ignores the block in a JPEG.
  var hasForeignEXIF: Bool {
    guard let exif = Self.withoutName(exif ?? []), !exif.isEmpty else { return false }
    return TIFFBlock(exif) == nil
  }

  /// Some writers repeat the name before the block, once or twice; Pillow accepts that.
  private static func withoutName(_ block: [UInt8]) -> [UInt8]? {
    let name = Array("Exif\0\0".utf8)
    var rest = block[...]
    for _ in 0..<2 where rest.starts(with: name) { rest = rest.dropFirst(name.count) }
    return Array(rest)
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
