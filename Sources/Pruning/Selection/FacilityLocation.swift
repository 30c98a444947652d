import Kernels

/// Greedy facility location: each step takes the candidate that covers most of what is not yet covered.
///
/// Gains only shrink while cover grows, so a candidate's last gain bounds its present one: only candidates whose bound
/// is the largest are computed again. The choice is exactly that of computing all of them at every step.
struct FacilityLocation {
  /// How much each candidate covers of each item: [candidates, items].
  let cover: DoubleMatrix

  /// Chooses `count` candidates, or all of them if there are fewer.
  /// - Parameters:
  ///   - candidates: ascending; nil: all.
  ///   - score: of a candidate, from its gain; it never grows while the gain shrinks.
  /// - Returns: in the order of choice; among equal scores the lower index.
  func choose(_ count: Int, among candidates: [Int]? = nil, score: (_ gain: Double, _ candidate: Int) -> Double)
    -> [Int]
  {
    var covered = [Double](repeating: 0, count: cover.columns)
    var open = candidates ?? Array(0..<cover.rows)
    var bounds = open.map { score(GreedyMath.gain(of: cover.row($0), over: covered), $0) }
    var fresh = [Int](repeating: 0, count: open.count)
    var chosen: [Int] = []
    while chosen.count < count, !open.isEmpty {
      let best = Self.settle(&bounds, &fresh, step: chosen.count) { place in
        score(GreedyMath.gain(of: cover.row(open[place]), over: covered), open[place])
      }
      GreedyMath.raise(&covered, to: cover.row(open[best]))
      chosen.append(open.remove(at: best))
      bounds.remove(at: best)
      fresh.remove(at: best)
    }
    return chosen
  }

  /// The first place of the largest value, after bringing up to date whatever could be it.
  private static func settle(
    _ bounds: inout [Double], _ fresh: inout [Int], step: Int, compute: (Int) -> Double
  ) -> Int {
    while true {
      var best = 0
      for place in bounds.indices where bounds[place] > bounds[best] { best = place }
      if fresh[best] == step { return best }
      bounds[best] = compute(best)
      fresh[best] = step
    }
  }
}
