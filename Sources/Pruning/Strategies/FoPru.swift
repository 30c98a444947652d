import Basics
import Kernels

/// Ranks tokens, or whole rows, by the attention that they receive or give among patches, whichever varies more.
/// "FoPru: Focal Pruning for Efficient Large Vision-Language Models".
struct FoPru: ViewStrategy {
  enum Policy: String, CaseIterable { case rank, row }
  enum Score: String, CaseIterable {
    case softmax, logits
    var scale: AttentionScale { self == .softmax ? .softmax : .logits }
  }

  static let name = "fopru"
  static let summary = "top tokens or rows by patch-to-patch attention (FoPru, arXiv 2411.14164)"
  static let paper: Paper? = Paper(
    "FoPru: Focal Pruning for Efficient Large Vision-Language Models",
    arXiv: "2411.14164")
  static let options = [policyOption.description, scoreOption.description, layerOption.description]

  private static let policyOption = StrategyOption.choice(
    "policy", default: Policy.rank, "keep the best tokens, or whole rows of them")
  private static let scoreOption = StrategyOption.choice(
    "score", default: Score.softmax, "attention after softmax, or before it as the only public code")
  private static let layerOption = StrategyOption.block(
    "layer", "the block whose attention is read", decides: "the block before the last; the last where patches merge")

  private let policy: Policy
  private let score: Score
  private let layer: Int?

  init(options: inout StrategyOptions) throws(PruningError) {
    policy = try options.value(Self.policyOption)
    score = try options.value(Self.scoreOption)
    layer = try options.value(ifGiven: Self.layerOption)
  }

  func evidence(on tower: TowerDescription) throws(PruningError) -> Evidence {
    [.patchMeans(layer: try block(on: tower), scale: score.scale)]
  }

  var readsGrid: Bool { policy == .row }

  func resolved(on tower: TowerDescription) throws(PruningError) -> StrategySpec {
    _ = try block(on: tower)
    return StrategySpec(
      name: Self.name,
      options: [
        "policy": policy.rawValue, "score": score.rawValue, "layer": "\(layer ?? Self.defaultLayer(on: tower))",
      ])
  }

  func shares(of budget: Budget, in picture: PictureDescription) throws(PruningError) -> [Int] {
    guard policy == .row else { return try budget.shares(of: picture.tokens) }
    let (total, grids) = (picture.visualTokens, picture.grids)
    let shares = grids.map { grid in
      switch budget {
      case .ratio(let ratio): Int(ratio * Double(grid.rows)) * grid.columns
      case .count(let count): count * grid.count / total / grid.columns * grid.columns
      case .all, .adaptive: grid.count
      }
    }
    guard shares.allSatisfy({ $0 > 0 }) else {
      // The smallest budget that gives every view one of its rows.
      let smallest = grids.map { (total + $0.rows - 1) / $0.rows }.max() ?? 1
      throw .budgetTooSmall(budget, smallest: smallest, views: grids.count)
    }
    return shares
  }

  func decide(_ view: ViewInput, keeping share: Int, in context: inout PlanContext) throws(PruningError)
    -> ViewDecision
  {
    let means = try view.patchMeans(layer: try block(on: view.tower), scale: score.scale)
    let scores = Self.variance(means.received) > Self.variance(means.given) ? means.received : means.given
    guard policy == .row else { return ViewDecision(keeping: Ranking.top(share, of: scores), scores: scores) }
    let columns = view.grid.columns
    let rowSums = (0..<view.grid.rows).map { row in
      scores[row * columns..<(row + 1) * columns].reduce(0, +)
    }
    let rows = Ranking.top(share / columns, of: rowSums)
    return ViewDecision(keeping: rows.flatMap { $0 * columns..<($0 + 1) * columns }, scores: scores)
  }

  /// Unbiased, in double.
  static func variance(_ values: [Double]) -> Double {
    let mean = values.reduce(0, +) / Double(values.count)
    return values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count - 1)
  }

  private func block(on tower: TowerDescription) throws(PruningError) -> Int {
    try block(layer ?? Self.defaultLayer(on: tower), option: "layer", on: tower)
  }

  /// The block before the last, or the feature layer where patches are merged; counted from the end.
  private static func defaultLayer(on tower: TowerDescription) -> Int {
    tower.mergesPatches ? tower.featureLayer - tower.depth : -2
  }
}
