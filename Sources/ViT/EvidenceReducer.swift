import Kernels
import Pruning

/// Turns measurements over a tower's sequence into evidence, for towers and for evidence files alike: prefix tokens are
/// dropped, the members of a merge group, which are consecutive, become one entry, and entries are put in raster order.
public struct EvidenceReducer: Sendable {
  /// Positions before the patches.
  let prefix: Int
  /// Patches in a merge group.
  let group: Int
  /// The place in the sequence of each merge group, in raster order; nil: the sequence is in raster order.
  let order: [Int]?

  public init(prefix: Int, group: Int, order: [Int]? = nil) {
    self.prefix = prefix
    self.group = group
    self.order = order
  }

  /// [heads, tokens] for a class row, [tokens] for sums, means for the patch–patch block.
  public func reduce(_ value: TapValue) -> EvidenceValue {
    switch value {
    case .rows(let matrix):
      let patches = matrix.columns - prefix
      let values = (0..<matrix.rows).flatMap { matrix.row($0).dropFirst(prefix) }
      // Head after head as one column, whose groups of rows are the heads' merge groups.
      let column = Matrix(rows: matrix.rows * patches, columns: 1, values: values).groupMeans(of: group).values
      let tokens = patches / group
      return .matrix(
        Matrix(
          rows: matrix.rows, columns: tokens,
          values: (0..<matrix.rows).flatMap { arranged(Array(column[$0 * tokens..<($0 + 1) * tokens])) }))
    case .sums(let sums): return .vector(groupMeans(Array(sums[prefix...])))
    case .patchSums(let sums):
      let patches = Double(sums.received.count)
      return .means(
        PatchMeans(
          received: groupMeans(sums.received.map { $0 / patches }), given: groupMeans(sums.given.map { $0 / patches })))
    }
  }

  /// A class row's first column, [heads]: the class token's logits on itself. Nil for another tap.
  static func classOwnLogits(of value: TapValue) -> EvidenceValue? {
    guard case .rows(let rows) = value else { return nil }
    return .vector((0..<rows.rows).map { Double(rows[$0, 0]) })
  }

  /// Rows of a sequence, [S, width] → [tokens, width].
  public func reduce(rows: Matrix) -> Matrix {
    let means = rows.rows(prefix..<rows.rows).groupMeans(of: group)
    guard let order else { return means }
    return Matrix(rows: means.rows, columns: means.columns, values: order.flatMap { means.row($0) })
  }

  private func groupMeans(_ values: [Double]) -> [Double] {
    guard group > 1 else { return arranged(values) }
    return arranged(
      stride(from: 0, to: values.count, by: group).map { start in
        values[start..<start + group].reduce(0, +) / Double(group)
      })
  }

  private func arranged<Value>(_ values: [Value]) -> [Value] { order.map { $0.map { values[$0] } } ?? values }
}

extension Matrix {
  /// Means of each `size` consecutive rows, in double; the matrix itself when groups are single rows.
  func groupMeans(of size: Int) -> Matrix {
    guard size > 1 else { return self }
    var means: [Float] = []
    for group in 0..<rows / size {
      for column in 0..<columns {
        let sum = (0..<size).reduce(0.0) { $0 + Double(self[group * size + $1, column]) }
        means.append(Float(sum / Double(size)))
      }
    }
    return Matrix(rows: rows / size, columns: columns, values: means)
  }
}
