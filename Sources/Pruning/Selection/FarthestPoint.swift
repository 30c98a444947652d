import Kernels

/// Greedy spreading: each step takes the item that is farthest from the nearest chosen one, by 1 − cosine.
struct FarthestPoint {
  /// Cosines between items: [items, items].
  let cosines: DoubleMatrix

  /// DivPrune's first item: the one whose nearest neighbour is farthest.
  var mostIsolated: Int {
    var best = 0
    var bestDistance = -Double.infinity
    for item in 0..<cosines.rows {
      var nearest = -Double.infinity
      for (other, cosine) in cosines.row(item).enumerated() where other != item { nearest = max(nearest, cosine) }
      if 1 - nearest > bestDistance { (best, bestDistance) = (item, 1 - nearest) }
    }
    return best
  }

  /// Chooses `count` items, or all if there are fewer.
  /// - Parameter weights: what an item's distance is multiplied by; nil: 1.
  /// - Returns: in the order of choice; among equal ones the lower index.
  func choose(_ count: Int, from first: Int, weights: [Double]? = nil) -> [Int] {
    guard count > 0 else { return [] }
    var nearest = [Double](repeating: .infinity, count: cosines.rows)
    var isChosen = [Bool](repeating: false, count: cosines.rows)
    var chosen = [first]
    isChosen[first] = true
    while chosen.count < min(count, cosines.rows), let last = chosen.last {
      GreedyMath.approach(&nearest, cosines: cosines.row(last))
      var best: (item: Int, value: Double)?
      for item in nearest.indices where !isChosen[item] {
        let value = (weights?[item] ?? 1) * nearest[item]
        if value > best?.value ?? -.infinity { best = (item, value) }
      }
      guard let best else { break }
      chosen.append(best.item)
      isChosen[best.item] = true
    }
    return chosen
  }
}
