import COpenBLAS

/// Swift's door to OpenBLAS: single-threaded Float32 products on row-major memory. Parallelism is `Workers`' business.
enum OpenBLAS {
  /// OpenBLAS would start threads of its own under ours; it is told once not to.
  private static let singleThreaded: Void = openblas_set_num_threads(1)

  /// What the library calls itself, its kernel family included.
  static var version: String {
    "\(String(cString: openblas_get_config()).split(separator: " ").prefix(2).joined(separator: " ")), \(String(cString: openblas_get_corename())) kernels"
  }

  /// A row-major block inside a larger matrix: its first element and the distance between rows.
  struct Block {
    let start: UnsafePointer<Float>
    let stride: Int
  }

  /// output [rows, columns] = scale · left [rows, inner] · rightᵀ [columns, inner] (+ output when `accumulate`).
  static func multiplyTransposed(
    _ left: Block, _ right: Block, into output: UnsafeMutablePointer<Float>, outputStride: Int, rows: Int,
    columns: Int, inner: Int, scale: Float = 1, accumulate: Bool = false
  ) {
    _ = singleThreaded
    cblas_sgemm(
      CblasRowMajor, CblasNoTrans, CblasTrans, blasint(rows), blasint(columns), blasint(inner), scale, left.start,
      blasint(left.stride), right.start, blasint(right.stride), accumulate ? 1 : 0, output, blasint(outputStride))
  }

  /// output [rows, columns] = left [rows, inner] · right [inner, columns].
  static func multiply(
    _ left: Block, _ right: Block, into output: UnsafeMutablePointer<Float>, outputStride: Int, rows: Int,
    columns: Int, inner: Int
  ) {
    _ = singleThreaded
    cblas_sgemm(
      CblasRowMajor, CblasNoTrans, CblasNoTrans, blasint(rows), blasint(columns), blasint(inner), 1, left.start,
      blasint(left.stride), right.start, blasint(right.stride), 0, output, blasint(outputStride))
  }
}
