import Foundation
import Kernels

/// Follows patches through a tower that merges and drops rows: which row each one is in.
public struct TokenTrace: Sendable {
  private let prefix: Int
  /// Of each patch, its row without the prefix; nil: nowhere.
  private var rows: [Int?]
  /// Of each row without the prefix: the patch whose place it takes, or −2 − m for the m-th fused row.
  private var anchors: [Int]
  /// Of each row with the prefix, the patches in it; 1 for the prefix.
  public private(set) var sizes: [Double]
  private var fused = 0
  /// The rows without the prefix as the released code orders them; nil: as they are.
  private var releasedOrder: [Int]?
  /// The rows at the entry of each block that was reduced, and what became of them, in order.
  public private(set) var maps: [(block: Int, map: TokenMap, entering: Int)] = []

  public init(patches: Int, prefix: Int) {
    self.prefix = prefix
    rows = Array(0..<patches)
    anchors = Array(0..<patches)
    sizes = [Double](repeating: 1, count: prefix + patches)
  }

  /// Rows of the sequence now, the prefix among them.
  public var count: Int { sizes.count }

  /// What proportional attention adds to the logits of each key; nil before anything was merged.
  public var logSizes: [Float]? { maps.isEmpty ? nil : sizes.map { Float(Foundation.log($0)) } }

  /// Takes what became of the rows of `block`.
  public mutating func take(_ map: TokenMap, of block: Int) {
    let entering = count
    precondition((0..<prefix).allSatisfy { map.anchors[$0] == $0 }, "the prefix stays where it is")
    let targets = map.targets(of: entering)
    rows = rows.map { row in row.flatMap { targets[$0 + prefix] }.map { $0 - prefix } }
    anchors = (prefix..<map.rows).map { row in
      if let anchor = map.anchors[row] { return anchors[anchor - prefix] }
      fused += 1
      return ViewPlan.mergedAnchor - (fused - 1)
    }
    sizes = (0..<map.rows).map { row in map.members(of: row).reduce(0.0) { $0 + sizes[map.sources[$1]] } }
    releasedOrder = map.releasedOrder.map { $0.filter { $0 >= prefix }.map { $0 - prefix } }
    maps.append((block, map, entering))
  }

  /// The view's tokens as they are sent.
  /// - Returns: the tokens, and the row of each, counted without the prefix.
  public func tokens(in order: TokenOrder) -> (tokens: [ReducedView.Token], rows: [Int]) {
    var sources = [[Int]](repeating: [], count: anchors.count)
    for (patch, row) in rows.enumerated() { if let row { sources[row].append(patch) } }
    let sent: [Int]
    switch order {
    case .released: sent = releasedOrder ?? Array(anchors.indices)
    case .raster:
      sent = anchors.indices.sorted { first, second in
        let (one, other) = (anchors[first], anchors[second])
        // Fused rows are numbered downwards, and come after all places.
        return (one >= 0) == (other >= 0) ? abs(one) < abs(other) : one >= 0
      }
    }
    return (sent.map { ReducedView.Token(anchor: anchors[$0], sources: sources[$0]) }, sent)
  }

  /// The rows without the prefix that enter `block`, by the final row that they are in.
  public func members(enteringBlock block: Int) -> [[Int]] {
    var targets: [Int?]?
    for step in maps where step.block >= block {
      let next = step.map.targets(of: step.entering)
      targets = targets.map { $0.map { $0.flatMap { next[$0] } } } ?? next
    }
    var members = [[Int]](repeating: [], count: anchors.count)
    for row in prefix..<(targets?.count ?? count) {
      guard let target = targets.map({ $0[row] }) ?? row else { continue }
      members[target - prefix].append(row - prefix)
    }
    return members
  }

  /// Rows of an earlier block, prefix included, as the later reductions combine rows.
  /// - Parameter block: the first whose reduction they have not seen.
  public func brought(_ rows: Matrix, fromBlock block: Int) -> Matrix {
    maps.reduce(rows) { rows, step in step.block < block ? rows : step.map.applied(to: rows) }
  }

  public var fusedTokens: Int { fused }
}

/// One view after a tower that merged or dropped rows.
public struct ReducedView: Sendable, Hashable {
  public struct Token: Sendable, Hashable {
    /// The patch whose place it takes, or −2 − m for the m-th fused token of the view.
    public let anchor: Int
    /// The patches in it, ascending.
    public let sources: [Int]
  }

  /// What entered the tower.
  public let patches: Int
  /// Patch rows that left each block.
  public let schedule: [Int]
  /// In the order in which they are sent.
  public let tokens: [Token]
  /// Fused tokens that were made, some of which may be gone.
  public let fused: Int

  public init(patches: Int, schedule: [Int], tokens: [Token], fused: Int) {
    self.patches = patches
    self.schedule = schedule
    self.tokens = tokens
    self.fused = fused
  }

  /// For each patch, its place among the tokens; nil: it is in none.
  public var owners: [Int?] {
    var owners = [Int?](repeating: nil, count: patches)
    for (place, token) in tokens.enumerated() { for source in token.sources { owners[source] = place } }
    return owners
  }
}
