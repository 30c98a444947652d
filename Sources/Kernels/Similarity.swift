/// How similar rows are, for strategies that merge or spread tokens.
///
/// Products are Float32, summed inside tiles in OpenBLAS's order for this CPU; tiles depend on shapes alone, never on
/// the number of threads. If a matrix is compared with itself, entry [i, j] is computed once and copied to [j, i].
public enum Similarity {
  /// Rows of a tile: two of 4,096 channels are 4 MB, a second-level cache or two.
  private static let tileRows = 128

  /// Inner products of each row of `first` with each row of `second`, or of `first` itself if that is nil: [first.rows,
  /// second.rows].
  public static func products(of first: Matrix, and second: Matrix? = nil, workers: Workers) -> Matrix {
    precondition(second?.columns ?? first.columns == first.columns, "rows that are compared have one width")
    return first.values.withUnsafeBufferPointer { values in
      let left = Rows(values: SharedSpan(reading: values), count: first.rows, width: first.columns)
      guard let second else { return products(left, nil, workers) }
      return second.values.withUnsafeBufferPointer { values in
        let right = Rows(values: SharedSpan(reading: values), count: second.rows, width: second.columns)
        return products(left, right, workers)
      }
    }
  }

  /// Cosines between each row of `first` and each row of `second`, or of `first` itself if that is nil: [first.rows,
  /// second.rows].
  ///
  /// Lengths are computed in double. Each row is divided by its length, rounded to Float32, and then multiplied. So a
  /// cosine is within about 1e-6 of the exact one and may exceed 1 by that much, and neither very long nor very short
  /// rows overflow. A row of length zero has the cosine 0 with every row; a row that is not finite has NaN.
  public static func cosines(of first: Matrix, and second: Matrix? = nil, workers: Workers) -> Matrix {
    precondition(second?.columns ?? first.columns == first.columns, "rows that are compared have one width")
    let left = workers.workspaces.take(first.values.count, of: Float.self)
    let right = workers.workspaces.take(second?.values.count ?? 0, of: Float.self)
    defer {
      withExtendedLifetime(left) {}
      withExtendedLifetime(right) {}
    }
    let directions = normalised(first, into: left.elements, workers)
    return products(directions, second.map { normalised($0, into: right.elements, workers) }, workers)
  }

  /// Rows [count, width].
  private struct Rows: Sendable {
    let values: SharedSpan<Float>
    let count: Int
    let width: Int

    func operand(from row: Int) -> OpenBLAS.Operand {
      OpenBLAS.Operand(elements: values[row * width..<values.count], stride: width)
    }
  }

  private static func normalised(_ matrix: Matrix, into target: SharedSpan<Float>, _ workers: Workers) -> Rows {
    let width = matrix.columns
    matrix.values.withUnsafeBufferPointer { values in
      let source = SharedSpan(reading: values)
      workers.forEachRange(of: matrix.rows, grain: 8) { rows in
        for row in rows {
          let place = row * width..<(row + 1) * width
          VectorMath.normalise(source[place], into: target.writable(place))
        }
      }
    }
    return Rows(values: target, count: matrix.rows, width: width)
  }

  private static func products(_ left: Rows, _ other: Rows?, _ workers: Workers) -> Matrix {
    let right = other ?? left
    var result = Matrix(rows: left.count, columns: right.count)
    guard left.count > 0, right.count > 0, left.width > 0 else { return result }
    let isSymmetric = other == nil
    var tiles: [(row: Int, column: Int)] = []
    for row in stride(from: 0, to: left.count, by: tileRows) {
      for column in stride(from: isSymmetric ? row : 0, to: right.count, by: tileRows) { tiles.append((row, column)) }
    }
    result.values.withUnsafeMutableBufferPointer { values in
      let output = SharedSpan(writing: values)
      workers.forEach(tiles.count) { [tiles] tile in
        let (row, column) = tiles[tile]
        let block = Block(
          output, from: row * right.count + column, stride: right.count, rows: min(tileRows, left.count - row),
          count: min(tileRows, right.count - column))
        OpenBLAS.multiplyTransposed(
          left.operand(from: row), right.operand(from: column), into: block, inner: left.width)
        if isSymmetric { mirror(block, at: (row, column), in: output, size: right.count) }
      }
    }
    return result
  }

  /// Writes a tile's upper triangle below the diagonal of [size, size].
  private static func mirror(
    _ block: Block, at place: (row: Int, column: Int), in output: SharedSpan<Float>, size: Int
  ) {
    for row in 0..<block.rows {
      let values = block[row]
      for column in 0..<block.count where place.column + column > place.row + row {
        let target = (place.column + column) * size + place.row + row
        output.writable(target..<target + 1)[0] = values[column]
      }
    }
  }
}
