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

  /// output [rows, columns] = left [rows, inner] · right [inner, columns] (+ output when `accumulate`).
  static func multiply(
    _ left: Operand, _ right: Operand, into output: Block, inner: Int, accumulate: Bool = false
  ) {
    _ = singleThreaded
    precondition(left.holds(output.rows, inner) && right.holds(inner, output.count), "operands are whole")
    cblas_sgemm(
      CblasRowMajor, CblasNoTrans, CblasNoTrans, blasint(output.rows), blasint(output.count), blasint(inner), 1,
      left.elements.baseAddress, blasint(left.stride), right.elements.baseAddress, blasint(right.stride),
      accumulate ? 1 : 0, output.start, blasint(output.stride))
  }

  /// output [rows, columns] = left [rows, inner] · rightᵀ [columns, inner], in double. Operands are dense; `stride`
  /// values lie between the rows of the output.
  static func multiplyTransposed(
    _ left: UnsafeBufferPointer<Double>, _ right: UnsafeBufferPointer<Double>,
    into output: UnsafeMutableBufferPointer<Double>, inner: Int, stride: Int
  ) {
    _ = singleThreaded
    let (rows, columns) = (left.count / inner, right.count / inner)
    precondition(
      left.count == rows * inner && right.count == columns * inner && columns <= stride
        && output.count == (rows - 1) * stride + columns, "operands are whole")
    cblas_dgemm(
      CblasRowMajor, CblasNoTrans, CblasTrans, blasint(rows), blasint(columns), blasint(inner), 1, left.baseAddress,
      blasint(inner), right.baseAddress, blasint(inner), 0, output.baseAddress, blasint(stride))
  }

  /// Unit eigenvectors of a symmetric matrix [side, side], which is overwritten: one after another, by ascending
  /// eigenvalue.
  /// - Parameter ranks: of the eigenvalues in ascending order.
  /// - Returns: nil if the algorithm does not converge.
  static func eigenvectors(side: Int, ranks: Range<Int>, of matrix: inout [Double]) -> [Double]? {
    _ = singleThreaded
    precondition(matrix.count == side * side && !ranks.isEmpty && ranks.upperBound <= side, "ranks of a square matrix")
    var size = blasint(side)
    var (first, last) = (blasint(ranks.lowerBound + 1), blasint(ranks.upperBound))
    var (lower, upper, tolerance) = (0.0, 0.0, 0.0)
    var (found, status) = (blasint(0), blasint(0))
    var values = [Double](repeating: 0, count: side)
    var vectors = [Double](repeating: 0, count: side * ranks.count)
    var support = [blasint](repeating: 0, count: 2 * ranks.count)
    var (workSize, integerSize) = (blasint(-1), blasint(-1))
    var work = [0.0]
    var integers = [blasint(0)]
    // The first call asks how much work memory the second one needs.
    for _ in 0..<2 {
      // A row-major upper triangle is LAPACK's lower one.
      dsyevr_(
        "V", "I", "L", &size, &matrix, &size, &lower, &upper, &first, &last, &tolerance, &found, &values, &vectors,
        &size, &support, &work, &workSize, &integers, &integerSize, &status)
      guard status == 0 else { return nil }
      if workSize < 0 {
        workSize = blasint(work[0])
        integerSize = integers[0]
        work = [Double](repeating: 0, count: Int(workSize))
        integers = [blasint](repeating: 0, count: Int(integerSize))
      }
    }
    return Int(found) == ranks.count ? vectors : nil
  }
}
