import CKernels

/// How similar rows are, in double: for methods whose decisions are closer than Float32 can tell. Costs about twice as
/// much as `Similarity`.
public enum ExactSimilarity {
  private static let tileRows = 96

  /// Inner products of each row of `first` [rows, width] with each row of `second`, or of `first` itself if that is
  /// nil: [first.rows, second.rows].
  public static func products(
    of first: DoubleMatrix, and second: DoubleMatrix? = nil, workers: Workers
  ) -> DoubleMatrix {
    precondition(second?.columns ?? first.columns == first.columns, "rows that are compared have one width")
    let isSymmetric = second == nil
    let right = second ?? first
    var result = DoubleMatrix(rows: first.rows, columns: right.rows)
    guard first.rows > 0, right.rows > 0, first.columns > 0 else { return result }
    var tiles: [(row: Int, column: Int)] = []
    for row in stride(from: 0, to: first.rows, by: tileRows) {
      for column in stride(from: isSymmetric ? row : 0, to: right.rows, by: tileRows) { tiles.append((row, column)) }
    }
    result.values.withUnsafeMutableBufferPointer { values in
      first.values.withUnsafeBufferPointer { firstValues in
        right.values.withUnsafeBufferPointer { rightValues in
          let product = Product(
            left: SharedSpan(reading: firstValues), right: SharedSpan(reading: rightValues),
            output: SharedSpan(writing: values), width: first.columns, columns: right.rows)
          workers.forEach(tiles.count) { [tiles] index in
            let (row, column) = tiles[index]
            let rows = row..<min(row + tileRows, product.left.count / product.width)
            let columns = column..<min(column + tileRows, product.columns)
            product.multiply(rows, columns)
            if isSymmetric { product.mirror(rows, columns) }
          }
        }
      }
    }
    return result
  }

  /// Cosines between each row of `first` [rows, width] and each row of `second`, or of `first` itself if that is nil:
  /// [first.rows, second.rows]. A row of length zero has the cosine 0 with every row.
  public static func cosines(of first: Matrix, and second: Matrix? = nil, workers: Workers) -> DoubleMatrix {
    products(
      of: directions(of: first, workers: workers), and: second.map { directions(of: $0, workers: workers) },
      workers: workers)
  }

  /// Each row divided by its length + `epsilon`: [rows, columns].
  public static func directions(of matrix: Matrix, epsilon: Double = 0, workers: Workers) -> DoubleMatrix {
    var result = DoubleMatrix(rows: matrix.rows, columns: matrix.columns)
    let width = matrix.columns
    result.values.withUnsafeMutableBufferPointer { values in
      matrix.values.withUnsafeBufferPointer { source in
        let target = SharedSpan(writing: values)
        let source = SharedSpan(reading: source)
        workers.forEachRange(of: matrix.rows, grain: 8) { rows in
          for row in rows {
            let place = row * width..<(row + 1) * width
            cv_normalise_double(source[place].baseAddress, target.writable(place).baseAddress, epsilon, width)
          }
        }
      }
    }
    return result
  }

  /// output [rows, columns] = left [rows, width] · rightᵀ [columns, width], tile by tile.
  private struct Product: Sendable {
    let left: SharedSpan<Double>
    let right: SharedSpan<Double>
    let output: SharedSpan<Double>
    let width: Int
    let columns: Int

    func multiply(_ rows: Range<Int>, _ columns: Range<Int>) {
      let start = rows.lowerBound * self.columns + columns.lowerBound
      OpenBLAS.multiplyTransposed(
        left[rows.lowerBound * width..<rows.upperBound * width],
        right[columns.lowerBound * width..<columns.upperBound * width],
        into: output.writable(start..<start + (rows.count - 1) * self.columns + columns.count), inner: width,
        stride: self.columns)
    }

    /// Copies a tile's upper triangle below the diagonal, so that entry [j, i] is entry [i, j].
    func mirror(_ rows: Range<Int>, _ columns: Range<Int>) {
      for row in rows {
        let values = output[row * self.columns..<(row + 1) * self.columns]
        for column in columns where column > row {
          let target = column * self.columns + row
          output.writable(target..<target + 1)[0] = values[column]
        }
      }
    }
  }
}
