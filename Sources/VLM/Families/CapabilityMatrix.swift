import Pruning

/// Which strategy works on which family, from what both declare: nothing is loaded.
public struct CapabilityMatrix: Sendable {
  public struct Row: Sendable {
    /// All that it declares.
    public let method: MethodDescription
    /// Why it does not work, by family; a family that is absent serves it.
    public let obstacles: [String: String]
    public var name: String { method.name }
  }

  /// In the catalogue's order.
  public let families: [String]
  public let rows: [Row]

  public init(
    _ strategies: StrategyCatalogue = .standard, families types: [any VisionFamily.Type] = FamilyCatalogue.all
  ) {
    families = types.map { $0.modelType }
    let between = strategies.strategies.map { strategy -> [String: String] in
      let pairs = types.compactMap { family in
        Self.obstacle(to: strategy, on: family).map { (family.modelType, $0) }
      }
      return Dictionary(pairs) { first, _ in first }
    }
    // Every family's decoder has what they read.
    let obstacles = between + strategies.decoderMethods.methods.map { _ in [:] }
    rows = zip(strategies.descriptions, obstacles).map { Row(method: $0, obstacles: $1) }
  }

  private static func obstacle(
    to strategy: any PruningStrategy.Type, on family: any VisionFamily.Type
  ) -> String? {
    if strategy is any BeforeEncoderPruning.Type, !family.encodesSomeCells {
      return "drops patches before the tower, and the tower encodes whole views"
    }
    if strategy is any TowerReducing.Type, !family.reducesInsideTower {
      return "merges or drops rows inside the tower, which needs each for its 2×2 groups"
    }
    return strategy.obstacle(hasClassToken: family.hasClassToken)
  }

  /// Each obstacle once, with the strategies and the families that it keeps apart.
  public var reasons: [(obstacle: String, strategies: [String], families: [String])] {
    var seen: Set<String> = []
    let obstacles = rows.flatMap { row in families.compactMap { row.obstacles[$0] } }.filter {
      seen.insert($0).inserted
    }
    return obstacles.map { obstacle in
      let concerned = rows.filter { $0.obstacles.values.contains(obstacle) }
      return (
        obstacle, concerned.map(\.name),
        families.filter { family in concerned.contains { $0.obstacles[family] == obstacle } }
      )
    }
  }
}
