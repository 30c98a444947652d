/// What `select --json` prints of a plan. A pure function of the plan; the command only encodes it.
public struct SelectionReport: Sendable, Hashable, Encodable {
  public struct View: Sendable, Hashable, Encodable {
    public let view: Int
    /// Token indices of this view in the order in which they are sent; a merged row is listed under its anchor, unless
    /// it stands for others (contextual tokens).
    public let kept: [Int]
  }

  /// A row that is not a plain copy of its anchor. Tokens are in the sequence's codes.
  public struct Merge: Sendable, Hashable, Encodable {
    public let anchor: Int
    public let sources: [Int]
    public let weights: [Float]
  }

  /// The canonical spec.
  public let strategy: String
  public let visualTokens: Int
  public let keptTokens: Int
  public let views: [View]
  /// view·N + token, −1 for a separator, −100−v for the class token of view v, −200 for a merged token without a place,
  /// −300 for a row of zeros.
  public let sequence: [Int]
  public let merges: [Merge]

  private enum CodingKeys: String, CodingKey {
    case strategy, views, sequence, merges
    case visualTokens = "visual_tokens"
    case keptTokens = "kept_tokens"
  }

  public init(of plan: ImagePlan, strategy: StrategySpec) {
    self.strategy = strategy.description
    visualTokens = plan.tokens.reduce(0, +)
    keptTokens = plan.keptTokens
    sequence = plan.sequenceCodes
    var kept = [[Int]](repeating: [], count: plan.views.count)
    var merges: [Merge] = []
    for case .row(let view, let row) in plan.sequence {
      let part = plan.views[view]
      if part.anchors[row] >= 0, !part.contextual.contains(row) { kept[view].append(part.anchors[row]) }
      let members = part.rowStarts[row]..<part.rowStarts[row + 1]
      if members.count == 1, part.weights[members.lowerBound] == 1 { continue }
      merges.append(
        Merge(
          anchor: plan.code(of: part.anchors[row], view: view),
          sources: part.sources[members].map { plan.code(of: $0, view: view) },
          weights: Array(part.weights[members])))
    }
    views = kept.enumerated().map { View(view: $0.offset, kept: $0.element) }
    self.merges = merges
  }
}
