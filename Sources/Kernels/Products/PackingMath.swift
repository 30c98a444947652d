import CKernels

/// Swift's door to the loops that pack weights, prepare rows and finish products. Sizes are the callers' business.
enum PackingMath {
  static func rotate(_ values: UnsafeMutablePointer<Float>, _ count: Int, _ block: Int) {
    if block > 1 { cv_hadamard(values, count, block) }
  }

  static func packF32(
    _ rows: UnsafePointer<Float>, _ columns: Int, _ inputs: Int, _ padded: Int, _ panel: UnsafeMutablePointer<Float>
  ) { cv_pack_f32(rows, columns, inputs, padded, panel) }

  static func packBF16(
    _ rows: UnsafePointer<Float>, stride: Int, _ columns: Int, _ inputs: Int, _ padded: Int,
    _ panel: UnsafeMutablePointer<UInt16>
  ) { cv_pack_bf16(rows, stride, columns, inputs, padded, panel) }

  static func packBF16(
    transposed rows: UnsafePointer<Float>, stride: Int, _ columns: Int, _ inputs: Int, _ padded: Int,
    _ panel: UnsafeMutablePointer<UInt16>
  ) { cv_pack_bf16_transposed(rows, stride, columns, inputs, padded, panel) }

  static func packInt8(
    _ rows: UnsafePointer<Float>, _ columns: Int, _ inputs: Int, _ padded: Int, _ panel: UnsafeMutablePointer<Int8>,
    _ scales: UnsafeMutablePointer<Float>, _ sums: UnsafeMutablePointer<Int32>
  ) { cv_pack_int8(rows, columns, inputs, padded, panel, scales, sums) }

  static func unpackBF16(
    _ panel: UnsafePointer<UInt16>, _ padded: Int, _ destination: UnsafeMutablePointer<Float>, stride: Int
  ) { cv_unpack_bf16(panel, padded, destination, stride) }

  static func unpackInt8(
    _ panel: UnsafePointer<Int8>, scales: UnsafePointer<Float>, _ padded: Int,
    _ destination: UnsafeMutablePointer<Float>, stride: Int
  ) { cv_unpack_int8(panel, scales, padded, destination, stride) }

  static func pad(
    _ row: UnsafePointer<Float>, _ inputs: Int, _ padded: Int, _ destination: UnsafeMutablePointer<Float>
  ) { cv_pad_row_f32(row, inputs, padded, destination) }

  static func narrow(
    _ row: UnsafePointer<Float>, scale: Float = 1, _ inputs: Int, _ padded: Int,
    _ destination: UnsafeMutablePointer<UInt16>
  ) { cv_narrow_row_bf16(row, scale, inputs, padded, destination) }

  /// Rotates in blocks of `block` and quantises.
  /// - Parameter rotated: room for `inputs` values.
  /// - Returns: the row's scale.
  static func quantise(
    _ row: UnsafePointer<Float>, _ inputs: Int, _ block: Int, _ rotated: UnsafeMutablePointer<Float>, _ padded: Int,
    _ destination: UnsafeMutablePointer<UInt8>
  ) -> Float { cv_quantise_row(row, inputs, block, rotated, padded, destination) }

  /// Where a block of finished products goes: `count` columns of [rows, stride].
  struct Block {
    let start: UnsafeMutablePointer<Float>
    let stride: Int
    let rows: Int
    let count: Int
  }

  static func finish(
    int8 products: UnsafePointer<Int32>, stride: Int, sums: UnsafePointer<Int32>, scales: UnsafePointer<Float>,
    rowScales: UnsafePointer<Float>, bias: UnsafePointer<Float>?, into block: Block, accumulate: Bool
  ) {
    cv_finish_int8(
      products, stride, block.rows, sums, scales, rowScales, bias, block.start, block.stride, block.count,
      accumulate ? 1 : 0)
  }

  static func finish(
    _ products: UnsafePointer<Float>, stride: Int, bias: UnsafePointer<Float>?, into block: Block, accumulate: Bool
  ) {
    cv_finish_f32(
      products, stride, block.rows, bias, block.start, block.stride, block.count, accumulate ? 1 : 0)
  }
}

/// A digest that shows damage of large files, at the speed of memory. It is no protection against intent.
public enum Digest {
  public static func of(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
    guard let start = bytes.baseAddress else { return 0 }
    return cv_digest(start.assumingMemoryBound(to: UInt8.self), bytes.count)
  }
}
