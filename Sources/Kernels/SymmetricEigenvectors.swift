/// Eigenvectors of a symmetric matrix, by LAPACK (in OpenBLAS).
public enum SymmetricEigenvectors {
  /// The unit eigenvectors of the `count` largest eigenvalues, largest first: [count, side]. Their signs are arbitrary.
  /// - Parameter matrix: [side, side], symmetric and finite; its upper triangle is read.
  /// - Returns: nil if the algorithm does not converge.
  public static func largest(_ count: Int, of matrix: DoubleMatrix) -> DoubleMatrix? {
    precondition(matrix.rows == matrix.columns && count >= 0 && count <= matrix.rows, "eigenvectors of a square matrix")
    let side = matrix.rows
    guard count > 0 else { return DoubleMatrix(rows: 0, columns: side) }
    var work = matrix.values
    guard let ascending = OpenBLAS.eigenvectors(side: side, ranks: side - count..<side, of: &work) else { return nil }
    var result = DoubleMatrix(rows: count, columns: side)
    for rank in 0..<count {
      let source = (count - 1 - rank) * side
      result.values.replaceSubrange(rank * side..<(rank + 1) * side, with: ascending[source..<source + side])
    }
    return result
  }
}
