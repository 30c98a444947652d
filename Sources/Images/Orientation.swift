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
