/// A dense row-major Double matrix [rows, columns]: similarities that decide between tokens.
public struct DoubleMatrix: Sendable, Equatable {
  public let rows: Int
  public let columns: Int
  /// Row-major, `rows * columns` elements.
  public var values: [Double]

  /// Takes row-major values; their number must be `rows * columns`.
  public init(rows: Int, columns: Int, values: [Double]) {
    precondition(rows >= 0 && columns >= 0 && values.count == rows * columns, "a matrix needs rows × columns values")
    self.rows = rows
    self.columns = columns
    self.values = values
  }

  /// All zeros.
  public init(rows: Int, columns: Int) {
    self.init(rows: rows, columns: columns, values: [Double](repeating: 0, count: rows * columns))
  }

  public subscript(row: Int, column: Int) -> Double {
    get {
      precondition(row >= 0 && row < rows && column >= 0 && column < columns, "matrix index out of range")
      return values[row * columns + column]
    }
    set {
      precondition(row >= 0 && row < rows && column >= 0 && column < columns, "matrix index out of range")
      values[row * columns + column] = newValue
    }
  }

  /// The values of one row.
  public func row(_ index: Int) -> ArraySlice<Double> {
    precondition(index >= 0 && index < rows, "matrix row out of range")
    return values[index * columns..<(index + 1) * columns]
  }
}
