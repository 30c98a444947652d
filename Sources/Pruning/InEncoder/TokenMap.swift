import Kernels

/// What becomes of a block's rows: a sparse map from the longer sequence to the shorter one. Every row goes into one
/// row of the result at most; rows that go into none are gone.
public struct TokenMap: Sendable, Hashable {
  /// rows + 1 offsets into `sources` and `weights`.
  public private(set) var starts = [0]
  /// Rows of the longer sequence.
  public private(set) var sources: [Int] = []
  public private(set) var weights: [Double] = []
  /// For each row of the result, the row whose place it takes; nil: it has no place.
  public private(set) var anchors: [Int?] = []
  /// The rows of the result as the released code would order them; nil: as they are.
  public var releasedOrder: [Int]?

  public init() {}

  /// Number of rows of the result.
  public var rows: Int { anchors.count }

  /// Adds a row that stays as it is, bit for bit.
  public mutating func keep(_ row: Int) {
    sources.append(row)
    weights.append(1)
    starts.append(sources.count)
    anchors.append(row)
  }

  /// Adds the sum of weighted rows.
  public mutating func merge(_ rows: [Int], weights: [Double], anchor: Int?) {
    precondition(!rows.isEmpty && rows.count == weights.count, "one weight a row")
    sources += rows
    self.weights += weights
    starts.append(sources.count)
    anchors.append(anchor)
  }

  /// The rows that go into row `row` of the result.
  public func members(of row: Int) -> Range<Int> { starts[row]..<starts[row + 1] }

  /// For each of `count` rows of the longer sequence, the row that it goes into; nil: none.
  public func targets(of count: Int) -> [Int?] {
    var targets = [Int?](repeating: nil, count: count)
    for row in 0..<rows {
      for member in members(of: row) {
        precondition(targets[sources[member]] == nil, "a row goes into one row")
        targets[sources[member]] = row
      }
    }
    return targets
  }

  /// One row of the result, [width], from the longer sequence's rows [n, width]: sums in double, in the order of the
  /// sources.
  public func write(_ row: Int, of rows: UnsafeBufferPointer<Float>, into result: UnsafeMutableBufferPointer<Float>) {
    let width = result.count
    let members = members(of: row)
    if members.count == 1, weights[members.lowerBound] == 1 {
      let start = sources[members.lowerBound] * width
      _ = result.update(fromContentsOf: rows[start..<start + width])
      return
    }
    var sums = [Double](repeating: 0, count: width)
    for member in members {
      let (start, weight) = (sources[member] * width, weights[member])
      for channel in 0..<width { sums[channel] += weight * Double(rows[start + channel]) }
    }
    for channel in 0..<width { result[channel] = Float(sums[channel]) }
  }

  /// All rows of the result.
  public func applied(to matrix: Matrix) -> Matrix {
    var result = Matrix(rows: rows, columns: matrix.columns)
    matrix.values.withUnsafeBufferPointer { source in
      result.values.withUnsafeMutableBufferPointer { target in
        for row in 0..<rows {
          let place = row * matrix.columns..<(row + 1) * matrix.columns
          write(row, of: source, into: UnsafeMutableBufferPointer(rebasing: target[place]))
        }
      }
    }
    return result
  }
}
