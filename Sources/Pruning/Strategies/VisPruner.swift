import Basics
import Kernels

/// The tokens that the class token attends to most, and of the others the least redundant.
/// "Beyond Text-Visual Attention: Exploiting Visual Cues for Effective Token Pruning in VLMs" (VisPruner).
struct VisPruner: ViewStrategy {
  static let name = "vispruner"
  static let summary = "top tokens by class attention, and others unlike each other (VisPruner, arXiv 2412.01818)"
  static let paper: Paper? = Paper(
    "Beyond Text-Visual Attention: Exploiting Visual Cues for Effective Token Pruning in VLMs",
    arXiv: "2412.01818")
  static let needsClassToken = true
  static let options = [importantOption.description]

  private static let importantOption = StrategyOption.number(
    "important", default: 0.5, in: 0...1, "share of the budget kept by attention")

  /// Tokens that one round removes at most.
  private static let mostRemoved = 8

  private let important: Double

  init(options: inout StrategyOptions) throws(PruningError) { important = try options.value(Self.importantOption) }

  func evidence(on tower: TowerDescription) -> Evidence {
    [.classAttention(layer: tower.featureLayer), .features]
  }

  func resolved(on tower: TowerDescription) -> StrategySpec {
    StrategySpec(name: Self.name, options: ["important": spelled(important)])
  }

  func decide(_ view: ViewInput, keeping share: Int, in context: inout PlanContext) throws(PruningError)
    -> ViewDecision
  {
    let scores = try view.classAttention(layer: view.tower.featureLayer).columnMeans()
    let order = Ranking.top(view.tokens, of: scores)
    let best = Int(Double(share) * important)
    let diverse = Self.thinOut(
      Array(order[best...]), to: share - best, by: context.exactCosines(try view.features()))
    return ViewDecision(keeping: order[..<best] + diverse, scores: scores)
  }

  /// Removes tokens, a few at a time, until `count` are left: every second one is compared with those between, and the
  /// likest go. What a round leaves is in a new order, which decides the next round.
  private static func thinOut(_ tokens: [Int], to count: Int, by cosines: DoubleMatrix) -> [Int] {
    guard count > 0 else { return [] }
    var list = tokens
    while list.count > count {
      let even = stride(from: 0, to: list.count, by: 2).map { list[$0] }
      let odd = stride(from: 1, to: list.count, by: 2).map { list[$0] }
      let likeness = cosines.values.withUnsafeBufferPointer { values in
        even.map { token in
          let row = token * cosines.columns
          var nearest = -Double.infinity
          for other in odd where values[row + other] > nearest { nearest = values[row + other] }
          return nearest
        }
      }
      let removed = min(mostRemoved, list.count - count)
      let ranked = Ranking.top(even.count, of: likeness).map { even[$0] }
      list = ranked.dropFirst(removed) + odd
    }
    return list
  }
}
