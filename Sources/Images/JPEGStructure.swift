/// What the markers of a JPEG file tell without decoding it: its EXIF block, and whether it ends.
struct JPEGStructure {
  /// The TIFF block of the EXIF segments before the first scan (several are joined), or nothing.
  private(set) var exif: ArraySlice<UInt8>?
  /// Whether an end-of-image marker follows the segments and scans.
  private(set) var isComplete = false

  init(_ bytes: [UInt8]) {
    var position = 2
    var sawScan = false
    while let (marker, body) = Self.nextMarker(in: bytes, from: position) {
      position = body
      switch marker {
      case 0xd9:
        isComplete = true
        return
      case 0x01, 0xd0...0xd8:
        continue  // No length follows.
      default:
        guard body + 2 <= bytes.count else { return }
        let length = Int(bytes[body]) << 8 | Int(bytes[body + 1])
        guard length >= 2, body + length <= bytes.count else { return }
        if marker == 0xe1 && !sawScan { addExif(bytes[(body + 2)..<(body + length)]) }
        sawScan = sawScan || marker == 0xda
        position = body + length
      }
    }
  }

  private mutating func addExif(_ segment: ArraySlice<UInt8>) {
    let name = Array("Exif\0\0".utf8)
    guard segment.starts(with: name) else { return }
    var block = segment.dropFirst(name.count)
    guard let earlier = exif else {
      // Some cameras write the name twice; Pillow forgives that.
      if block.starts(with: name) { block = block.dropFirst(name.count) }
      exif = block
      return
    }
    exif = earlier + block
  }

  /// The next marker and the position after it. Compressed data are passed over: there, FF is followed by 00 or a restart.
  private static func nextMarker(in bytes: [UInt8], from start: Int) -> (marker: UInt8, body: Int)? {
    bytes.withUnsafeBufferPointer { bytes in
      var position = start
      while position + 1 < bytes.count {
        if bytes[position] == 0xff {
          let next = bytes[position + 1]
          if next != 0x00 && next != 0xff && !(0xd0...0xd7).contains(next) { return (next, position + 2) }
        }
        position += 1
      }
      return nil
    }
  }
}
