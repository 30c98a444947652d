import Kernels

extension Matrix {
  /// Mean of each column, summed in double and in the order of rows: a mean over heads of [heads, tokens].
  public func columnMeans() -> [Double] { columnSums().map { $0 / Double(rows) } }

  /// Sum of each column, in double and in the order of rows.
  public func columnSums() -> [Double] {
    var sums = [Double](repeating: 0, count: columns)
    for row in 0..<rows {
      for (column, value) in self.row(row).enumerated() { sums[column] += Double(value) }
    }
    return sums
  }

  /// The same values in double.
  var doubles: DoubleMatrix { DoubleMatrix(rows: rows, columns: columns, values: values.map { Double($0) }) }

  /// A copy of the rows at `indices`, in that order.
  func selecting(_ indices: [Int]) -> Matrix {
    Matrix(rows: indices.count, columns: columns, values: indices.flatMap { row($0) })
  }

  /// Largest value of each column.
  public func columnMaxima() -> [Double] {
    var maxima = [Double](repeating: -.infinity, count: columns)
    for row in 0..<rows {
      for (column, value) in self.row(row).enumerated() { maxima[column] = max(maxima[column], Double(value)) }
    }
    return maxima
  }

  /// Cosine of each row with `vector`, in double; 0 if either has length zero.
  public func cosines(with vector: [Double]) -> [Double] {
    let length = vector.reduce(0) { $0 + $1 * $1 }.squareRoot()
    return (0..<rows).map { index in
      var product = 0.0
      var square = 0.0
      for (value, other) in zip(row(index), vector) {
        product += Double(value) * other
        square += Double(value) * Double(value)
      }
      let lengths = square.squareRoot() * length
      return lengths > 0 ? product / lengths : 0
    }
  }
}
