import COpenBLAS

/// Swift wrapper around OpenBLAS: single-threaded Float32 products on row-major memory. `Workers` adds the parallelism.
enum OpenBLAS {
  /// Runs once: OpenBLAS would otherwise start threads of its own under ours.
  private static let singleThreaded: Void = openblas_set_num_threads(1)

  /// The library's own name and version, kernel family included.
  static var version: String {
    let name = String(cString: openblas_get_config()).split(separator: " ").prefix(2).joined(separator: " ")
    return "\(name), \(String(cString: openblas_get_corename())) kernels"
  }

  /// A row-major block inside a larger matrix: the memory from its first element on, and the distance between rows.
  struct Operand {
    let elements: UnsafeBufferPointer<Float>
    let stride: Int

    /// Whether the memory holds [rows, columns].
    fileprivate func holds(_ rows: Int, _ columns: Int) -> Bool {
      columns <= stride && elements.count >= (rows - 1) * stride + columns
    }
  }

  /// output [rows, columns] = scale · left [rows, inner] · rightᵀ [columns, inner] (+ output when `accumulate`).
  static func multiplyTransposed(
    _ left: Operand, _ right: Operand, into output: Block, inner: Int, scale: Float = 1, accumulate: Bool = false
  ) {
    _ = singleThreaded
    precondition(left.holds(output.rows, inner) && right.holds(output.count, inner), "operands are whole")
    cblas_sgemm(
      CblasRowMajor, CblasNoTrans, CblasTrans, blasint(output.rows), blasint(output.count), blasint(inner), scale,
      left.elements.baseAddress, blasint(left.stride), right.elements.baseAddress, blasint(right.stride),
      accumulate ? 1 : 0, output.start, blasint(output.stride))
  }

  /// output [rows, columns] = left [rows, inner] · right [inner, columns].
  static func multiply(_ left: Operand, _ right: Operand, into output: Block, inner: Int) {
    _ = singleThreaded
    precondition(left.holds(output.rows, inner) && right.holds(inner, output.count), "operands are whole")
    cblas_sgemm(
      CblasRowMajor, CblasNoTrans, CblasNoTrans, blasint(output.rows), blasint(output.count), blasint(inner), 1,
      left.elements.baseAddress, blasint(left.stride), right.elements.baseAddress, blasint(right.stride), 0,
      output.start, blasint(output.stride))
  }
}
