/// Resizing as Pillow 13 does it on 8-bit samples: two passes, one for each axis, rounded to 8 bits between them.
///
/// Only a region of the result is computed, so that a picture of extreme shape costs no more than the part that is
/// kept.
struct Resampler {
  /// Rows between the passes are made in bands of about this many bytes.
  private static let bandBytes = 1 << 25

  let source: RGBImage
  /// Size of the whole result, of which a region is computed.
  let width: Int
  let height: Int
  let filter: ResamplingFilter

  /// Columns × rows of the result. Ranges must be inside the result and not empty.
  func region(columns: Range<Int>, rows: Range<Int>) -> RGBImage {
    precondition(!columns.isEmpty && columns.lowerBound >= 0 && columns.upperBound <= width, "columns leave the result")
    precondition(!rows.isEmpty && rows.lowerBound >= 0 && rows.upperBound <= height, "rows leave the result")
    if filter == .nearest { return nearest(columns: columns, rows: rows) }
    let whole = PixelBlock(columns: 0..<source.width, rows: 0..<source.height, pixels: source.pixels)
    // Pillow skips a pass that would change nothing.
    let horizontal = weights(from: source.width, to: width, kept: columns)
    let vertical = weights(from: source.height, to: height, kept: rows)
    var pixels: [UInt8]
    if goesVerticallyFirst {
      let between = whole.combined(vertical, rows: rows, columns: horizontal?.sources ?? columns)
      pixels = between.stretched(horizontal, columns: columns, rows: rows).pixels
    } else {
      pixels = []
      pixels.reserveCapacity(3 * columns.count * rows.count)
      for band in bands(rows, vertical, rowBytes: 3 * columns.count) {
        let between = whole.stretched(horizontal, columns: columns, rows: vertical?.sources(of: band) ?? band)
        pixels += between.combined(vertical, rows: band, columns: columns).pixels
      }
    }
    return RGBImage(width: columns.count, height: rows.count, pixels: pixels)
  }

  /// Since version 13 Pillow takes the vertical pass first where the height shrinks by more than twice as many pixels
  /// as the width (pull request 9549); before, it never did. The rounding between the passes makes the order visible.
  private var goesVerticallyFirst: Bool {
    source.height - height > max(0, 2 * (source.width - width))
  }

  private func weights(from sourceSize: Int, to size: Int, kept: Range<Int>) -> ResamplingWeights? {
    size == sourceSize
      ? nil : ResamplingWeights(sourceSize: sourceSize, outputSize: size, output: kept, filter: filter)
  }

  /// Cuts the output rows into bands whose source rows fit into `bandBytes`, one row at least.
  private func bands(_ rows: Range<Int>, _ vertical: ResamplingWeights?, rowBytes: Int) -> [Range<Int>] {
    guard let vertical else { return [rows] }
    var bands: [Range<Int>] = []
    var start = rows.lowerBound
    for row in rows where row > start {
      if vertical.sources(of: start..<(row + 1)).count * rowBytes > Self.bandBytes {
        bands.append(start..<row)
        start = row
      }
    }
    bands.append(start..<rows.upperBound)
    return bands
  }

  /// Pillow's nearest neighbour adds the step up in doubles rather than multiplying; so does this.
  private func nearest(columns: Range<Int>, rows: Range<Int>) -> RGBImage {
    let sourceColumns = Self.nearestPositions(source.width, width, columns)
    let sourceRows = Self.nearestPositions(source.height, height, rows)
    var pixels: [UInt8] = []
    pixels.reserveCapacity(3 * columns.count * rows.count)
    for row in sourceRows {
      for column in sourceColumns {
        let start = 3 * (row * source.width + column)
        pixels.append(contentsOf: source.pixels[start..<(start + 3)])
      }
    }
    return RGBImage(width: columns.count, height: rows.count, pixels: pixels)
  }

  private static func nearestPositions(_ sourceSize: Int, _ outputSize: Int, _ kept: Range<Int>) -> [Int] {
    let step = Double(sourceSize) / Double(outputSize)
    var position = step * 0.5
    for _ in 0..<kept.lowerBound { position += step }
    return kept.map { _ in
      defer { position += step }
      return min(Int(position), sourceSize - 1)
    }
  }
}

extension RGBImage {
  /// The picture resized, equal to Pillow's `Image.resize((width, height), filter)`. The caller bounds the size.
  public func resized(width: Int, height: Int, filter: ResamplingFilter) -> RGBImage {
    Resampler(source: self, width: width, height: height, filter: filter)
      .region(columns: 0..<width, rows: 0..<height)
  }
}
