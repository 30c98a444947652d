/// What the markers of a JPEG file tell without decoding it: its EXIF block and XMP text, and whether it ends.
struct JPEGStructure {
  /// What the segments before the first scan say. As in Pillow, several EXIF segments are joined, and the last XMP
  /// counts.
  private(set) var metadata = PictureMetadata()
  /// Whether a JFIF segment gives a resolution in pixels per inch or centimetre.
  private var hasResolution = false
  /// Whether the segments and scans lead to an end-of-image marker.
  private(set) var isComplete = false

  init(_ bytes: [UInt8]) {
    var position = 2
    var sawScan = false
    while let (marker, body) = Self.nextMarker(in: bytes, from: position) {
      position = body
      if marker == 0xd9 {
        isComplete = sawScan
        return
      }
      if marker == 0x01 || (0xd0...0xd8).contains(marker) { continue }  // No length follows.
      guard body + 2 <= bytes.count else { return }
      let length = Int(bytes[body]) << 8 | Int(bytes[body + 1])
      guard length >= 2, body + length <= bytes.count else { return }
      if !sawScan { read(marker, bytes[(body + 2)..<(body + length)]) }
      sawScan = sawScan || marker == 0xda
      position = body + length
    }
  }

  private mutating func read(_ marker: UInt8, _ segment: ArraySlice<UInt8>) {
    let exifName = Array("Exif\0\0".utf8)
    let xmpName = Array("http://ns.adobe.com/xap/1.0/\0".utf8)
    if marker == 0xe0, segment.starts(with: "JFIF".utf8), segment.count >= 12 {
      hasResolution = hasResolution || [1, 2].contains(segment[segment.startIndex + 7])
    } else if marker == 0xe1, segment.starts(with: exifName) {
      metadata.exif = (metadata.exif ?? []) + segment.dropFirst(exifName.count)
    } else if marker == 0xe1, segment.starts(with: xmpName) {
      metadata.xmp = Array(segment.dropFirst(xmpName.count))
    }
  }

  /// Pillow looks into EXIF for a resolution that JFIF does not give, and then forgives a block that is not TIFF.
  /// - Throws: for such a block beside a resolution, where Pillow refuses the picture.
  func orientation() throws(ImageError) -> Orientation {
    if hasResolution, metadata.hasForeignEXIF {
      throw .corrupt(format: .jpeg, reason: "its EXIF block does not start as TIFF does")
    }
    return metadata.orientation
  }

  /// The next marker and the position after it. Compressed data are passed over: there, FF is followed by 00.
  private static func nextMarker(in bytes: [UInt8], from start: Int) -> (marker: UInt8, body: Int)? {
    bytes.withUnsafeBufferPointer { bytes in
      var position = start
      while position + 1 < bytes.count {
        if bytes[position] == 0xff && bytes[position + 1] != 0x00 && bytes[position + 1] != 0xff {
          return (bytes[position + 1], position + 2)
        }
        position += 1
      }
      return nil
    }
  }
}
