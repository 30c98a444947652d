/// What the markers of a JPEG file tell without decoding it: its EXIF block, and whether it ends.
struct JPEGStructure {
  /// The TIFF block of the EXIF segments before the first scan (several are joined, as Pillow does), or nothing.
  private(set) var exif: ArraySlice<UInt8>?
  /// Whether an end-of-image marker follows the first scan.
  private(set) var isComplete = false

  init(_ bytes: [UInt8]) {
    var position = 2
    while let (marker, body) = Self.nextMarker(in: bytes, from: position) {
      position = body
      if marker == 0xda {
        isComplete = Self.hasEnd(bytes, from: body)
        return
      }
      if marker == 0x01 || (0xd0...0xd9).contains(marker) { continue }  // No length follows.
      guard body + 2 <= bytes.count else { return }
      let length = Int(bytes[body]) << 8 | Int(bytes[body + 1])
      guard length >= 2, body + length <= bytes.count else { return }
      if marker == 0xe1 { addExif(bytes[(body + 2)..<(body + length)]) }
      position = body + length
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

  private static func nextMarker(in bytes: [UInt8], from start: Int) -> (marker: UInt8, body: Int)? {
    var position = start
    while position + 1 < bytes.count {
      if bytes[position] == 0xff && bytes[position + 1] != 0x00 && bytes[position + 1] != 0xff {
        return (bytes[position + 1], position + 2)
      }
      position += 1
    }
    return nil
  }

  /// Compressed data never contain FF D9, so that after the first scan's header it can only be the end.
  private static func hasEnd(_ bytes: [UInt8], from start: Int) -> Bool {
    bytes.withUnsafeBufferPointer { bytes in
      for position in start..<max(bytes.count - 1, start) where bytes[position] == 0xff && bytes[position + 1] == 0xd9 {
        return true
      }
      return false
    }
  }
}
