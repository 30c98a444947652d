/// Part of a picture between the passes of a resize: `columns` × `rows`, counted as in the whole, interleaved RGB.
struct PixelBlock {
  let columns: Range<Int>
  let rows: Range<Int>
  let pixels: [UInt8]

  private var rowBytes: Int { 3 * columns.count }

  /// The horizontal pass over some rows: `outputColumns` of the result. Without weights the columns are copied.
  func stretched(_ weights: ResamplingWeights?, columns outputColumns: Range<Int>, rows wanted: Range<Int>)
    -> PixelBlock
  {
    precondition(wanted.lowerBound >= rows.lowerBound && wanted.upperBound <= rows.upperBound, "rows leave the block")
    let needed = weights?.sources ?? outputColumns
    precondition(needed.lowerBound >= columns.lowerBound && needed.upperBound <= columns.upperBound, "columns leave it")
    let outBytes = 3 * outputColumns.count
    let offset = 3 * columns.lowerBound
    let stretched = [UInt8](unsafeUninitializedCapacity: outBytes * wanted.count) { out, initialised in
      pixels.withUnsafeBufferPointer { pixels in
        for (index, row) in wanted.enumerated() {
          let start = (row - rows.lowerBound) * rowBytes
          let line = UnsafeBufferPointer(rebasing: pixels[start..<(start + rowBytes)])
          let target = UnsafeMutableBufferPointer(rebasing: out[(outBytes * index)..<(outBytes * (index + 1))])
          if let weights {
            Self.stretch(line, offset: offset, weights, into: target)
          } else {
            let kept = (3 * needed.lowerBound - offset)..<(3 * needed.upperBound - offset)
            _ = target.update(fromContentsOf: line[kept])
          }
        }
      }
      initialised = outBytes * wanted.count
    }
    return PixelBlock(columns: outputColumns, rows: wanted, pixels: stretched)
  }

  /// The vertical pass over some columns: `outputRows` of the result. Without weights the rows are copied.
  func combined(_ weights: ResamplingWeights?, rows outputRows: Range<Int>, columns wanted: Range<Int>) -> PixelBlock {
    precondition(wanted.lowerBound >= columns.lowerBound && wanted.upperBound <= columns.upperBound, "columns leave it")
    let needed = weights?.sources(of: outputRows) ?? outputRows
    precondition(needed.lowerBound >= rows.lowerBound && needed.upperBound <= rows.upperBound, "rows leave the block")
    let outBytes = 3 * wanted.count
    let offset = 3 * (wanted.lowerBound - columns.lowerBound)
    var sums = [Int32](repeating: 0, count: outBytes)
    let combined = [UInt8](unsafeUninitializedCapacity: outBytes * outputRows.count) { out, initialised in
      pixels.withUnsafeBufferPointer { pixels in
        func line(_ row: Int) -> UnsafeBufferPointer<UInt8> {
          let start = (row - rows.lowerBound) * rowBytes + offset
          return UnsafeBufferPointer(rebasing: pixels[start..<(start + outBytes)])
        }
        for (index, row) in outputRows.enumerated() {
          let target = UnsafeMutableBufferPointer(rebasing: out[(outBytes * index)..<(outBytes * (index + 1))])
          guard let weights else {
            _ = target.update(fromContentsOf: line(row))
            continue
          }
          sums.withUnsafeMutableBufferPointer { sums in
            sums.update(repeating: Self.half)
            for (source, weight) in weights.terms(of: row) { Self.add(line(source), times: weight, to: sums) }
            for position in 0..<outBytes { target[position] = Self.clip(sums[position]) }
          }
        }
      }
      initialised = outBytes * outputRows.count
    }
    return PixelBlock(columns: wanted, rows: outputRows, pixels: combined)
  }

  /// One row of the horizontal pass. `offset` is the byte in the whole row at which `line` starts.
  private static func stretch(
    _ line: UnsafeBufferPointer<UInt8>, offset: Int, _ weights: ResamplingWeights,
    into target: UnsafeMutableBufferPointer<UInt8>
  ) {
    weights.weights.withUnsafeBufferPointer { table in
      for column in weights.starts.indices {
        var red = half
        var green = half
        var blue = half
        var position = 3 * weights.starts[column] - offset
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

  private static func add(
    _ line: UnsafeBufferPointer<UInt8>, times weight: Int32, to sums: UnsafeMutableBufferPointer<Int32>
  ) {
    for position in line.indices {
      sums[position] &+= Int32(line[position]) &* weight
    }
  }

  private static let half = Int32(1) << (ResamplingWeights.precisionBits - 1)

  private static func clip(_ sum: Int32) -> UInt8 {
    UInt8(clamping: sum >> ResamplingWeights.precisionBits)
  }
}
