import Kernels

/// Greedy maximisation of the determinant of a kernel's submatrix: relevant items that are unlike each other.
struct DeterminantalChoice {
  /// Similarities of items, [items, items].
  let similarities: DoubleMatrix
  /// The kernel is K_ij = relevance_i · similarity_ij · relevance_j.
  let relevance: [Double]

  /// Chooses `count` items, or all if there are fewer, by an incremental Cholesky factorisation.
  /// - Returns: in the order of choice; among equal ones the lower index.
  func choose(_ count: Int) -> [Int] {
    let items = relevance.indices
    /// What each item would add to the determinant.
    var gains = items.map { relevance[$0] * similarities[$0, $0] * relevance[$0] }
    var isChosen = [Bool](repeating: false, count: items.count)
    var factors: [[Double]] = []
    var chosen: [Int] = []
    while chosen.count < min(count, items.count) {
      var best: Int?
      for item in items where !isChosen[item] {
        if let known = best, gains[item] <= gains[known] { continue }
        best = item
      }
      guard let best else { break }
      chosen.append(best)
      isChosen[best] = true
      // Items that depend on the chosen ones add nothing: a step that divided by that would only add rounding.
      guard gains[best] > 0 else { continue }
      let scale = relevance[best]
      var row = zip(similarities.row(best), relevance).map { scale * $0 * $1 }
      for factor in factors { GreedyMath.subtract(factor, times: factor[best], from: &row) }
      let inverse = 1 / gains[best].squareRoot()
      for item in items {
        row[item] *= inverse
        gains[item] -= row[item] * row[item]
      }
      factors.append(row)
    }
    return chosen
  }
}
