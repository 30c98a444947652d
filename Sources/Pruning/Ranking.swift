/// Orders by score: in double, the highest first, ties to the lower index.
public enum Ranking {
  /// Indices of the `count` highest scores, the best first; only `candidates` when given (ascending).
  public static func top(_ count: Int, of scores: [Double], among candidates: [Int]? = nil) -> [Int] {
    let pool = candidates ?? Array(scores.indices)
    let ordered = pool.sorted { first, second in
      scores[first] != scores[second] ? scores[first] > scores[second] : first < second
    }
    return Array(ordered.prefix(count))
  }

  /// Rounds half to even, as Python and NumPy do, and so the authors' code.
  public static func roundHalfEven(_ value: Double) -> Int { Int(value.rounded(.toNearestOrEven)) }
}
