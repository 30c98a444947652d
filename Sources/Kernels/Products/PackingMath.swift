import CKernels

/// Swift wrapper around the C loops that pack weights, prepare rows and finish products. The loops check nothing; sizes
/// are checked here.
enum PackingMath {
  /// A matrix [rows, columns] to be packed, `stride` values between rows.
  struct Source {
    let values: UnsafeBufferPointer<Float>
    let stride: Int
    let rows: Int
    let columns: Int

    init(_ values: UnsafeBufferPointer<Float>, stride: Int, rows: Int, columns: Int) {
      precondition(rows > 0 && columns > 0 && stride >= columns, "what is packed has rows")
      precondition(values.count >= (rows - 1) * stride + columns, "what is packed lies inside its memory")
      self.values = values
      self.stride = stride
      self.rows = rows
      self.columns = columns
    }

    /// Some of its rows.
    func rows(_ range: Range<Int>) -> Source {
      Source(
        UnsafeBufferPointer(rebasing: values[(range.lowerBound * stride)...]), stride: stride, rows: range.count,
        columns: columns)
    }

    /// Some of its columns.
    func columns(_ range: Range<Int>) -> Source {
      Source(
        UnsafeBufferPointer(rebasing: values[range.lowerBound...]), stride: stride, rows: rows, columns: range.count)
    }

    /// Whether its rows, as outputs, fill one panel of `padded` channels.
    func fits(_ panel: Int, padded: Int) -> Bool {
      rows <= PackedWeights.panelWidth && columns <= padded && panel == padded * PackedWeights.panelWidth
    }

    /// The same for its columns, if the matrix is stored transposed.
    func fitsTransposed(_ panel: Int, padded: Int) -> Bool {
      columns <= PackedWeights.panelWidth && rows <= padded && panel == padded * PackedWeights.panelWidth
    }
  }

  /// Multiplies every `block` consecutive values by the orthonormal Hadamard matrix of that order.
  static func rotate(_ values: UnsafeMutableBufferPointer<Float>, _ block: Int) {
    precondition(values.count % block == 0, "whole blocks are rotated")
    if block > 1 { cv_hadamard(values.baseAddress, values.count, block) }
  }

  /// Packs rows without gaps into one panel of `padded` channels.
  static func packF32(_ rows: Source, padded: Int, _ panel: UnsafeMutableBufferPointer<Float>) {
    precondition(rows.fits(panel.count, padded: padded) && rows.stride == rows.columns, "rows fit their panel")
    cv_pack_f32(rows.values.baseAddress, rows.rows, rows.columns, padded, panel.baseAddress)
  }

  static func packBF16(_ rows: Source, padded: Int, _ panel: UnsafeMutableBufferPointer<UInt16>) {
    precondition(rows.fits(panel.count, padded: padded), "rows fit their panel")
    cv_pack_bf16(rows.values.baseAddress, rows.stride, rows.rows, rows.columns, padded, panel.baseAddress)
  }

  static func packBF16(transposed rows: Source, padded: Int, _ panel: UnsafeMutableBufferPointer<UInt16>) {
    precondition(rows.fitsTransposed(panel.count, padded: padded), "columns fit their panel")
    cv_pack_bf16_transposed(rows.values.baseAddress, rows.stride, rows.columns, rows.rows, padded, panel.baseAddress)
  }

  /// Packs rows without gaps. A row that is not finite gets the scale NaN, so every product of it is NaN; a row of
  /// zeros, or of values too small for any scale (below 4e-37), gets 0.
  /// - Parameters:
  ///   - scales: [panelWidth]; sums likewise.
  static func packInt8(
    _ rows: Source, padded: Int, _ panel: UnsafeMutableBufferPointer<Int8>, scales: UnsafeMutableBufferPointer<Float>,
    sums: UnsafeMutableBufferPointer<Int32>
  ) {
    precondition(rows.fits(panel.count, padded: padded) && rows.stride == rows.columns, "rows fit their panel")
    precondition(scales.count == PackedWeights.panelWidth && sums.count == scales.count, "one scale and sum an output")
    precondition(rows.columns <= PackedWeights.mostInputs(.int8), "sums of int8 products fit 32 bits")
    cv_pack_int8(
      rows.values.baseAddress, rows.rows, rows.columns, padded, panel.baseAddress, scales.baseAddress, sums.baseAddress)
  }

  /// Unpacks a panel of `padded` channels into the rows of `block`: [padded, panelWidth].
  static func unpackBF16(_ panel: UnsafeBufferPointer<UInt16>, into block: Block) {
    precondition(
      panel.count == block.rows * PackedWeights.panelWidth && block.count == PackedWeights.panelWidth,
      "a panel has a row a channel")
    cv_unpack_bf16(panel.baseAddress, block.rows, block.start, block.stride)
  }

  static func unpackInt8(
    _ panel: UnsafeBufferPointer<Int8>, scales: UnsafeBufferPointer<Float>, into block: Block
  ) {
    precondition(
      panel.count == block.rows * PackedWeights.panelWidth && block.count == PackedWeights.panelWidth
        && scales.count == PackedWeights.panelWidth, "a panel has a row a channel")
    cv_unpack_int8(panel.baseAddress, scales.baseAddress, block.rows, block.start, block.stride)
  }

  /// A row followed by zeros to the end of `destination`.
  static func pad(_ row: UnsafeBufferPointer<Float>, into destination: UnsafeMutableBufferPointer<Float>) {
    precondition(destination.count >= row.count, "a padded row holds its row")
    cv_pad_row_f32(row.baseAddress, row.count, destination.count, destination.baseAddress)
  }

  /// A row times `scale`, followed by zeros to the end of `destination`.
  static func narrow(
    _ row: UnsafeBufferPointer<Float>, scale: Float, into destination: UnsafeMutableBufferPointer<UInt16>
  ) {
    precondition(destination.count >= row.count, "a padded row holds its row")
    cv_narrow_row_bf16(row.baseAddress, scale, row.count, destination.count, destination.baseAddress)
  }

  /// Rotates in blocks of `block` and quantises.
  /// - Parameter rotated: room for the row.
  /// - Returns: the row's scale; NaN when the row is not finite.
  static func quantise(
    _ row: UnsafeBufferPointer<Float>, block: Int, rotated: UnsafeMutableBufferPointer<Float>,
    into destination: UnsafeMutableBufferPointer<UInt8>
  ) -> Float {
    precondition(
      destination.count >= row.count && rotated.count >= row.count && row.count % block == 0,
      "a padded row holds its row")
    return cv_quantise_row(
      row.baseAddress, row.count, block, rotated.baseAddress, destination.count, destination.baseAddress)
  }

  /// Sums that a library left: [block.rows, stride], of which block.count columns are wanted.
  struct Sums<Element> {
    let values: UnsafeBufferPointer<Element>
    let stride: Int

    fileprivate func cover(_ block: Block) -> Bool { values.count >= (block.rows - 1) * stride + block.count }
  }

  static func finish(
    int8 products: Sums<Int32>, sums: UnsafeBufferPointer<Int32>, scales: UnsafeBufferPointer<Float>,
    rowScales: UnsafeBufferPointer<Float>, bias: UnsafeBufferPointer<Float>?, into block: Block, accumulate: Bool
  ) {
    precondition(
      products.cover(block) && sums.count >= block.count && scales.count >= block.count
        && rowScales.count >= block.rows && bias?.count ?? block.count >= block.count, "one of each a sum")
    cv_finish_int8(
      products.values.baseAddress, products.stride, block.rows, sums.baseAddress, scales.baseAddress,
      rowScales.baseAddress, bias?.baseAddress, block.start, block.stride, block.count, accumulate ? 1 : 0)
  }

  static func finish(
    _ products: Sums<Float>, bias: UnsafeBufferPointer<Float>?, into block: Block, accumulate: Bool
  ) {
    precondition(products.cover(block) && bias?.count ?? block.count >= block.count, "one of each a sum")
    cv_finish_f32(
      products.values.baseAddress, products.stride, block.rows, bias?.baseAddress, block.start, block.stride,
      block.count, accumulate ? 1 : 0)
  }
}

/// A digest that detects damage to large files, at memory speed. It does not protect against deliberate changes.
public enum Digest {
  public static func of(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
    guard let start = bytes.baseAddress else { return 0 }
    return cv_digest(start.assumingMemoryBound(to: UInt8.self), bytes.count)
  }
}
