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

  /// Half to even, as Python and NumPy round: what the authors' code counts with.
  public static func roundHalfEven(_ value: Double) -> Int { Int(value.rounded(.toNearestOrEven)) }
}
