import Kernels

/// PruneSID's groups of tokens: which are near copies, and how many of each group are kept.
struct TokenGroups {
  /// Tokens of each group, ascending.
  let members: [[Int]]
  /// What ranks tokens inside a group.
  let importance: [Double]
  let cosines: DoubleMatrix
  /// The cosine above which one token is a copy of another.
  let limit: Double

  /// Each token joins the component that it is strongest in, the first of equal ones.
  /// - Parameter vectors: [components, tokens].
  static func members(by vectors: DoubleMatrix) -> [[Int]] {
    var members = [[Int]](repeating: [], count: vectors.rows)
    for token in 0..<vectors.columns {
      members[Ranking.first(of: (0..<vectors.rows).map { abs(vectors[$0, token]) })].append(token)
    }
    return members
  }

  /// Chooses `count` tokens less `others`, group after group.
  /// - Parameter others: rows that are sent beside them and count (the class token).
  func choose(_ count: Int, beside others: Int) -> [Int] {
    let ranked = members.map(order)
    let distinct = ranked.map(\.distinct)
    let quotas = quotas(of: count, beside: others, distinct: distinct)
    return zip(ranked, quotas).flatMap { $0.tokens.prefix($1) }
  }

  /// A group's tokens: first those that are no copy of a better one, best first, then the copies, best first.
  private func order(of group: [Int]) -> (tokens: [Int], distinct: Int) {
    var open = Ranking.top(group.count, of: importance, among: group)
    var distinct: [Int] = []
    var copies: [Int] = []
    while let best = open.first {
      distinct.append(best)
      let row = cosines.row(best)
      let rest = open.dropFirst()
      copies += rest.filter { row[row.startIndex + $0] > limit }
      open = rest.filter { row[row.startIndex + $0] <= limit }
    }
    return (distinct + Ranking.top(copies.count, of: importance, among: copies.sorted()), distinct.count)
  }

  /// How many of each group: in proportion to its distinct tokens, at least one, at most about five of 64.
  private func quotas(of count: Int, beside others: Int, distinct: [Int]) -> [Int] {
    let sizes = members.map(\.count)
    let least = sizes.map { min(1, $0) }
    var most = zip(sizes, distinct).map { min(5 * ((count + 63) / 64), $0, $1) }
    while most.reduce(0, +) < min(count, sizes.reduce(0, +)) { most = zip(most, sizes).map { min($0 + 1, $1) } }
    let free = max(0, count - least.reduce(0, +) - others)
    var quotas: [Int] = []
    var (sum, before) = (0, 0)
    let total = Float(distinct.reduce(0, +))
    for group in members.indices {
      sum += distinct[group]
      // In single precision and half to even, as released: a half decides between groups.
      let until = Int((Float(sum) / total * Float(free)).rounded(.toNearestOrEven))
      quotas.append(min(until - before + least[group], most[group]))
      before = until
    }
    var missing = free + least.reduce(0, +) - quotas.reduce(0, +)
    for group in Ranking.top(distinct.count, of: distinct.map { Double($0) }) where missing > 0 {
      let added = min(missing, most[group] - quotas[group])
      quotas[group] += added
      missing -= added
    }
    return quotas
  }
}
