/// Orders by score: in double, the highest first, ties to the lower index.
public enum Ranking {
  /// Indices of the `count` highest scores, the best first; only `candidates` when given (ascending).
  public static func top(_ count: Int, of scores: [Double], among candidates: [Int]? = nil) -> [Int] {
    // Scores beside their indices sort twice as fast as indices alone.
    var ordered = (candidates ?? Array(scores.indices)).map { (score: scores[$0], index: $0) }
    ordered.sort { $0.score != $1.score ? $0.score > $1.score : $0.index < $1.index }
    return ordered.prefix(count).map(\.index)
  }

  /// Index of the highest score, the first of equal ones; 0 if there are none.
  public static func first(of scores: [Double]) -> Int {
    var best = 0
    for index in scores.indices where scores[index] > scores[best] { best = index }
    return best
  }

  /// Rounds half to even, as Python and NumPy do, and so the authors' code.
  public static func roundHalfEven(_ value: Double) -> Int { Int(value.rounded(.toNearestOrEven)) }
}
