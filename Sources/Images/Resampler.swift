/// Resizing as Pillow does it on 8-bit samples: a horizontal pass, rounded to 8 bits, then a vertical one.
///
/// Only a region of the result is computed, so that a picture of extreme shape costs no more than what is kept of it.
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
    // Pillow skips a pass that would change nothing.
    let horizontal =
      width == source.width
      ? nil : ResamplingWeights(sourceSize: source.width, outputSize: width, output: columns, filter: filter)
    guard height != source.height else {
      return RGBImage(width: columns.count, height: rows.count, pixels: stretched(rows, horizontal, columns))
    }
    let vertical = ResamplingWeights(sourceSize: source.height, outputSize: height, output: rows, filter: filter)
    var pixels: [UInt8] = []
    pixels.reserveCapacity(3 * columns.count * rows.count)
    for band in bands(vertical, rowBytes: 3 * columns.count) {
      let sources = vertical.sources(of: band)
      let stretchedRows = stretched(sources, horizontal, columns)
      Self.combine(
        stretchedRows, firstRow: sources.lowerBound, rowBytes: 3 * columns.count, vertical, band, into: &pixels)
    }
    return RGBImage(width: columns.count, height: rows.count, pixels: pixels)
  }

  /// Cuts the output rows into bands whose source rows fit into `bandBytes`, one row at least.
  private func bands(_ vertical: ResamplingWeights, rowBytes: Int) -> [Range<Int>] {
    var bands: [Range<Int>] = []
    var start = 0
    for row in vertical.starts.indices where row > start {
      if vertical.sources(of: start..<(row + 1)).count * rowBytes > Self.bandBytes {
        bands.append(start..<row)
        start = row
      }
    }
    bands.append(start..<vertical.starts.count)
    return bands
  }

  /// The horizontal pass over some source rows: `columns` of each, as bytes. Without weights the columns are copied.
  private func stretched(_ rows: Range<Int>, _ weights: ResamplingWeights?, _ columns: Range<Int>) -> [UInt8] {
    let rowBytes = 3 * columns.count
    return [UInt8](unsafeUninitializedCapacity: rowBytes * rows.count) { out, initialised in
      source.pixels.withUnsafeBufferPointer { pixels in
        for (index, row) in rows.enumerated() {
          let line = UnsafeBufferPointer(rebasing: pixels[(3 * source.width * row)..<(3 * source.width * (row + 1))])
          let target = UnsafeMutableBufferPointer(rebasing: out[(rowBytes * index)..<(rowBytes * (index + 1))])
          if let weights {
            Self.stretch(line, weights, into: target)
          } else {
            let kept = line[(3 * columns.lowerBound)..<(3 * columns.upperBound)]
            _ = target.update(fromContentsOf: kept)
          }
        }
      }
      initialised = rowBytes * rows.count
    }
  }

  /// One row of the horizontal pass. The weights' ranges lie in the row by construction.
  private static func stretch(
    _ line: UnsafeBufferPointer<UInt8>, _ weights: ResamplingWeights, into target: UnsafeMutableBufferPointer<UInt8>
  ) {
    weights.weights.withUnsafeBufferPointer { table in
      for column in weights.starts.indices {
        var red = half
        var green = half
        var blue = half
        var position = 3 * weights.starts[column]
        let first = column * weights.stride
        for index in first..<(first + weights.counts[column]) {
          let weight = table[index]
          red &+= Int32(line[position]) &* weight
          green &+= Int32(line[position + 1]) &* weight
          blue &+= Int32(line[position + 2]) &* weight
          position += 3
        }
        target[3 * column] = clip(red)
        target[3 * column + 1] = clip(green)
        target[3 * column + 2] = clip(blue)
      }
    }
  }

  /// The vertical pass: appends output rows `band`. `lines` holds source rows from `firstRow` on.
  private static func combine(
    _ lines: [UInt8], firstRow: Int, rowBytes: Int, _ weights: ResamplingWeights, _ band: Range<Int>,
    into pixels: inout [UInt8]
  ) {
    var sums = [Int32](repeating: 0, count: rowBytes)
    for row in band {
      sums.withUnsafeMutableBufferPointer { sums in
        sums.update(repeating: half)
        lines.withUnsafeBufferPointer { lines in
          for index in 0..<weights.counts[row] {
            let weight = weights.weights[row * weights.stride + index]
            let start = (weights.starts[row] + index - firstRow) * rowBytes
            let line = UnsafeBufferPointer(rebasing: lines[start..<(start + rowBytes)])
            for position in 0..<rowBytes {
              sums[position] &+= Int32(line[position]) &* weight
            }
          }
        }
      }
      for sum in sums { pixels.append(clip(sum)) }
    }
  }

  private static let half = Int32(1) << (ResamplingWeights.precisionBits - 1)

  private static func clip(_ sum: Int32) -> UInt8 {
    UInt8(clamping: sum >> ResamplingWeights.precisionBits)
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
