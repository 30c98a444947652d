import Kernels
import Pruning

/// All heads' maps of one view in one block, reduced as strategies want them: in double, in index order, one entry for each
/// merge group (whose members are consecutive), the class token left out.
struct AttentionMaps {
  /// [heads, side, side].
  let values: [Float]
  let heads: Int
  /// Tokens, the class token included.
  let side: Int
  let tower: TowerDescription

  private var firstPatch: Int { tower.hasClassToken ? 1 : 0 }
  private var patches: Int { side - firstPatch }

  /// The class token's row of each head: [heads, tokens].
  func classRows() -> Matrix {
    precondition(tower.hasClassToken, "a class row needs a class token")
    var rows: [Float] = []
    for head in 0..<heads {
      let start = head * side * side
      rows += values[start + 1..<start + side]
    }
    return Matrix(rows: heads * patches, columns: 1, values: rows).groupMeans(of: tower.merge.count)
      .reshaped(rows: heads)
  }

  /// Column sums of the head mean: [tokens].
  func received(from queries: AttentionQueries) -> [Double] {
    let sums = columnSums(queries: (queries == .all ? 0 : firstPatch)..<side)
    return groupMeans(sums)
  }

  /// Column and row means of the patch–patch block.
  func patchMeans() -> PatchMeans {
    let size = Double(patches)
    let given = headMean { head in
      (0..<patches).map { query in
        let start = (head * side + query + firstPatch) * side
        return values[start + firstPatch..<start + side].reduce(0.0) { $0 + Double($1) }
      }
    }
    return PatchMeans(
      received: groupMeans(columnSums(queries: firstPatch..<side).map { $0 / size }),
      given: groupMeans(given.map { $0 / size }))
  }

  private func columnSums(queries: Range<Int>) -> [Double] {
    headMean { head in
      var sums = [Double](repeating: 0, count: patches)
      for query in queries {
        let start = (head * side + query) * side + firstPatch
        for column in 0..<patches { sums[column] += Double(values[start + column]) }
      }
      return sums
    }
  }

  /// Each head's sums first, then the heads in order: the order of the encoder's own taps, so that both give the same bits.
  private func headMean(_ sums: (Int) -> [Double]) -> [Double] {
    var total = [Double](repeating: 0, count: patches)
    for head in 0..<heads {
      for (index, sum) in sums(head).enumerated() { total[index] += sum }
    }
    return total.map { $0 / Double(heads) }
  }

  private func groupMeans(_ values: [Double]) -> [Double] {
    let size = tower.merge.count
    guard size > 1 else { return values }
    return stride(from: 0, to: values.count, by: size).map { start in
      values[start..<start + size].reduce(0, +) / Double(size)
    }
  }
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

  /// The same values in `rows` rows.
  fileprivate func reshaped(rows: Int) -> Matrix { Matrix(rows: rows, columns: values.count / rows, values: values) }
}
