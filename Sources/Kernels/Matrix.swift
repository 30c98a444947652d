/// A dense row-major Float32 matrix [rows, columns]: the currency at module boundaries, in plans and in tests.
public typealias Matrix = DenseMatrix<Float>

/// The same in double: similarities that decide between tokens.
public typealias DoubleMatrix = DenseMatrix<Double>

/// A dense row-major matrix [rows, columns]. Its members can be inlined, because other modules would call them
/// unspecialised otherwise.
public struct DenseMatrix<Element: BinaryFloatingPoint & Sendable>: Sendable, Equatable {
  public let rows: Int
  public let columns: Int
  /// Row-major, `rows * columns` elements.
  public var values: [Element]

  /// Takes row-major values; their number must be `rows * columns`.
  @inlinable public init(rows: Int, columns: Int, values: [Element]) {
    precondition(rows >= 0 && columns >= 0 && values.count == rows * columns, "a matrix needs rows × columns values")
    self.rows = rows
    self.columns = columns
    self.values = values
  }

  /// All zeros.
  @inlinable public init(rows: Int, columns: Int) {
    self.init(rows: rows, columns: columns, values: [Element](repeating: 0, count: rows * columns))
  }

  @inlinable public subscript(row: Int, column: Int) -> Element {
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
  @inlinable public func row(_ index: Int) -> ArraySlice<Element> {
    precondition(index >= 0 && index < rows, "matrix row out of range")
    return values[index * columns..<(index + 1) * columns]
  }

  /// A copy of the rows in `range`.
  @inlinable public func rows(_ range: Range<Int>) -> DenseMatrix {
    precondition(range.lowerBound >= 0 && range.upperBound <= rows, "matrix rows out of range")
    return DenseMatrix(
      rows: range.count, columns: columns,
      values: Array(values[range.lowerBound * columns..<range.upperBound * columns]))
  }
}
