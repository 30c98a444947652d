import Basics

/// Drops tokens whose pixels repeat those of their neighbours, before the tower: the white of documents, the flat areas
/// of screens. "PixelPrune" (arXiv 2604.00886).
///
/// A threshold decides how many stay. A budget in tokens is not the paper's: the threshold is then the smallest that
/// fits it, one for all views. The released code compares a video's views by their first frames alone; here all frames
/// count, so that a threshold of 0 never drops what differs.
struct PixelPrune: BeforeEncoderPruning {
  static let name = "pixelprune"
  static let summary = "drops repeated pixels before the tower (PixelPrune, arXiv 2604.00886)"
  static let paper: Paper? = Paper("PixelPrune", arXiv: "2604.00886")
  static let findsOwnBudget = true
  static let options = [thresholdOption.description, metricOption.description]

  private static let thresholdOption = StrategyOption.automatic(
    "threshold", in: 0...1, "the distance up to which cells are the same", decides: "0, or what the budget needs")
  private static let metricOption = StrategyOption.choice(
    "metric", default: PixelMetric.max, "the largest, the mean or the root mean square difference of pixels")
  /// Of the interval of thresholds, when a budget is given.
  private static let halvings = 20

  /// Nil: 0 without a budget in tokens, and with one whatever it needs.
  private let threshold: Double?
  private let metric: PixelMetric

  init(options: inout StrategyOptions) throws(PruningError) {
    threshold = try options.value(Self.thresholdOption)
    metric = try options.value(Self.metricOption)
  }

  func resolved(on tower: TowerDescription) -> StrategySpec {
    StrategySpec(
      name: Self.name, options: ["threshold": threshold.map(spelled) ?? "auto", "metric": metric.rawValue])
  }

  func check(_ budget: Budget) throws(PruningError) {
    switch budget {
    case .all, .adaptive: return
    case .count, .ratio:
      guard let threshold else { return }
      throw .invalidOption(
        "threshold", value: spelled(threshold), strategy: Self.name, expected: "auto beside a number of tokens")
    }
  }

  func plan(
    _ picture: PictureDescription, pixels: [CellPixels], keeping budget: Budget
  ) throws(PruningError) -> ImagePlan {
    try check(budget)
    var scans = pixels.map { PixelScan($0, metric: metric) }
    let kept =
      if let limit = try Self.limit(budget, of: picture) {
        Self.kept(atMost: limit, &scans)
      } else {
        Self.kept(threshold: threshold ?? 0, &scans)
      }
    return try ImagePlan(
      arranging: kept.map { ViewPlan(keeping: $0) }, of: picture, limit: picture.visualTokens, count: .adaptive)
  }

  /// Most tokens of all views; nil where the threshold decides.
  private static func limit(_ budget: Budget, of picture: PictureDescription) throws(PruningError) -> Int? {
    let (total, views) = (picture.visualTokens, picture.layout.views)
    let limit: Int
    switch try budget.validated(for: total) {
    case .all, .adaptive: return nil
    case .count(let count): limit = count
    case .ratio(let ratio): limit = Int(ratio * Double(total))
    }
    // The first token of a view has no prediction, and always stays.
    guard limit >= views else { throw .budgetTooSmall(budget, smallest: views, views: views) }
    return limit
  }

  private static func kept(threshold: Double, _ scans: inout [PixelScan]) -> [[Int]] {
    scans.indices.map { scans[$0].kept(threshold: threshold) }
  }

  /// What the smallest threshold keeps that fits. Counts need not fall as thresholds rise, so bisection may miss it.
  private static func kept(atMost limit: Int, _ scans: inout [PixelScan]) -> [[Int]] {
    func count(_ kept: [[Int]]) -> Int { kept.reduce(0) { $0 + $1.count } }
    var best = kept(threshold: 0, &scans)
    guard count(best) > limit else { return best }
    var (low, high) = (0.0, 1.0)
    // Values lie between 0 and 1, so that all cells of a view are the same here.
    best = kept(threshold: high, &scans)
    for _ in 0..<halvings {
      let middle = (low + high) / 2
      let kept = kept(threshold: middle, &scans)
      if count(kept) <= limit { (high, best) = (middle, kept) } else { low = middle }
    }
    return best
  }
}
