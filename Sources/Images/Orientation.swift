/// How a stored picture must be turned to stand upright: EXIF tag 0x0112, values 1 to 8.
enum Orientation: Int, Sendable, CaseIterable {
  case upright = 1
  case mirrored = 2
  case turnedHalf = 3
  case flipped = 4
  case transposed = 5
  case turnedClockwise = 6
  case transversed = 7
  case turnedCounterclockwise = 8

  var swapsSides: Bool { rawValue >= 5 }
}

/// The first directory of a TIFF block, as EXIF uses it.
struct TIFFBlock {
  private let bytes: [UInt8]
  private let isLittleEndian: Bool

  init?(_ bytes: [UInt8]) {
    guard bytes.count >= 8 else { return nil }
    switch (bytes[0], bytes[1]) {
    case (0x49, 0x49): isLittleEndian = true
    case (0x4d, 0x4d): isLittleEndian = false
    default: return nil
    }
    self.bytes = bytes
    guard number(at: 2, bytes: 2) == 42 else { return nil }
  }

  /// What a directory says about a tag.
  enum Value: Equatable {
    case absent
    /// The first of its integers.
    case integer(Int)
    /// Present, but not as integers: bytes, text or fractions.
    case other
  }

  /// The first value of a tag. If a tag is repeated, the last one counts, as in Pillow; entries of an unknown type,
  /// without values, or with values beyond the block, count as absent.
  func firstDirectoryValue(tag: Int) -> Value {
    guard let directory = number(at: 4, bytes: 4), let count = number(at: directory, bytes: 2) else { return .absent }
    var value = Value.absent
    for index in 0..<count {
      let entry = directory + 2 + 12 * index
      guard entry + 12 <= bytes.count else { break }
      guard number(at: entry, bytes: 2) == tag, let values = number(at: entry + 4, bytes: 4) else { continue }
      guard values > 0 else { continue }
      guard let type = number(at: entry + 2, bytes: 2), let size = Self.sizes[type] else { continue }
      guard let place = values * size <= 4 ? entry + 8 : number(at: entry + 8, bytes: 4) else { continue }
      guard place + values * size <= bytes.count else { continue }
      value = Self.integers.contains(type) ? number(at: place, bytes: size).map(Value.integer) ?? .other : .other
    }
    return value
  }

  /// Bytes of a value by TIFF type.
  private static let sizes = [1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8]
  /// The types that Pillow reads as whole numbers: not BYTE (1), of which it makes a string of bytes.
  private static let integers: Set<Int> = [3, 4, 6, 8, 9, 13]

  private func number(at offset: Int, bytes count: Int) -> Int? {
    guard offset >= 0, offset + count <= bytes.count else { return nil }
    let digits = bytes[offset..<(offset + count)]
    return isLittleEndian
      ? digits.reversed().reduce(0) { $0 << 8 | Int($1) } : digits.reduce(0) { $0 << 8 | Int($1) }
  }
}

extension RGBImage {
  /// The picture turned upright, as Pillow's `ImageOps.exif_transpose` does.
  func oriented(_ orientation: Orientation) -> RGBImage {
    if orientation == .upright { return self }
    let (outWidth, outHeight) = orientation.swapsSides ? (height, width) : (width, height)
    let walk = sourceWalk(orientation)
    // Columns inside blocks of rows: where sides swap, a column of the result is a row of the source.
    let blockRows = 16
    let turned = [UInt8](unsafeUninitializedCapacity: pixels.count) { out, initialised in
      pixels.withUnsafeBufferPointer { source in
        for blockStart in stride(from: 0, to: outHeight, by: blockRows) {
          for x in 0..<outWidth {
            for y in blockStart..<min(blockStart + blockRows, outHeight) {
              let from = 3 * (walk.origin + x * walk.stepX + y * walk.stepY)
              let to = 3 * (y * outWidth + x)
              out[to] = source[from]
              out[to + 1] = source[from + 1]
              out[to + 2] = source[from + 2]
            }
          }
        }
      }
      initialised = pixels.count
    }
    return RGBImage(width: outWidth, height: outHeight, pixels: turned)
  }

  /// Where the result's pixel (x, y) is in the source: pixel `origin + x · stepX + y · stepY`.
  private func sourceWalk(_ orientation: Orientation) -> (origin: Int, stepX: Int, stepY: Int) {
    let lastColumn = width - 1
    let lastRow = (height - 1) * width
    switch orientation {
    case .upright: return (0, 1, width)
    case .mirrored: return (lastColumn, -1, width)
    case .turnedHalf: return (lastRow + lastColumn, -1, -width)
    case .flipped: return (lastRow, 1, -width)
    case .transposed: return (0, width, 1)
    case .turnedClockwise: return (lastRow, -width, 1)
    case .transversed: return (lastRow + lastColumn, -width, -1)
    case .turnedCounterclockwise: return (lastColumn, width, -1)
    }
  }
}
