import Basics

/// The tokens that the class token attends to most over the later blocks, up to the one that made the features.
/// "[CLS] Token Tells Everything Needed for Training-free Efficient MLLMs" (VTC-CLS).
struct VTCCLS: ViewStrategy {
  enum Ensemble: String, CaseIterable { case sum, max, min }

  static let name = "vtc-cls"
  static let summary = "top tokens by class-token attention over several blocks (VTC-CLS, arXiv 2412.05819)"
  static let paper: Paper? = Paper(
    "[CLS] Token Tells Everything Needed for Training-free Efficient MLLMs",
    arXiv: "2412.05819")
  static let needsClassToken = true
  static let options = [startOption.description, ensembleOption.description]

  private static let startOption = StrategyOption.block(
    "start", "the first block that counts", decides: "2/3 of the depth")
  private static let ensembleOption = StrategyOption.choice(
    "ensemble", default: Ensemble.sum, "how blocks are joined")

  private let start: Int?
  private let ensemble: Ensemble

  init(options: inout StrategyOptions) throws(PruningError) {
    start = try options.value(ifGiven: Self.startOption)
    ensemble = try options.value(Self.ensembleOption)
  }

  func evidence(on tower: TowerDescription) throws(PruningError) -> Evidence {
    return Evidence(try blocks(on: tower).map { .classAttention(layer: $0) })
  }

  func resolved(on tower: TowerDescription) throws(PruningError) -> StrategySpec {
    let first = try blocks(on: tower).lowerBound
    return StrategySpec(
      name: Self.name, options: ["start": "\(start ?? first)", "ensemble": ensemble.rawValue])
  }

  func decide(_ view: ViewInput, keeping share: Int, in context: inout PlanContext) throws(PruningError)
    -> ViewDecision
  {
    var scores: [Double] = []
    for layer in try blocks(on: view.tower) {
      let means = try view.classAttention(layer: layer).columnMeans()
      scores = scores.isEmpty ? means : zip(scores, means).map(combine)
    }
    return ViewDecision(keeping: Ranking.top(share, of: scores), scores: scores)
  }

  private func combine(_ first: Double, _ second: Double) -> Double {
    switch ensemble {
    case .sum: first + second
    case .max: Swift.max(first, second)
    case .min: Swift.min(first, second)
    }
  }

  /// From `start`, or from two thirds of the depth (16 of 24), to the feature layer.
  private func blocks(on tower: TowerDescription) throws(PruningError) -> ClosedRange<Int> {
    let last = tower.featureLayer
    guard let start else { return Swift.min(Ranking.roundHalfEven(Double(tower.depth * 16) / 24), last)...last }
    let first = try block(start, option: "start", on: tower)
    guard first <= last else {
      throw .invalidOption(
        "start", value: "\(start)", strategy: Self.name, expected: "a block up to \(last), which makes the features")
    }
    return first...last
  }
}
