import Basics
import Foundation
import Kernels

/// Tokens that cover the others best, weighted by the class token's attention.
/// "SCOPE: Saliency-Coverage Oriented Token Pruning for Efficient Multimodal LLMs".
struct Scope: ViewStrategy {
  enum Combine: String, CaseIterable { case multiply, add }

  static let name = "scope"
  static let summary = "tokens that cover the others, weighted by class attention (SCOPE, arXiv 2510.24214)"
  static let paper: Paper? = Paper(
    "SCOPE: Saliency-Coverage Oriented Token Pruning for Efficient Multimodal LLMs",
    arXiv: "2510.24214")
  static let needsClassToken = true
  static let options = [alphaOption.description, combineOption.description]

  private static let alphaOption = StrategyOption.number(
    "alpha", default: 1, in: 0...100, "power of the attention")
  private static let combineOption = StrategyOption.choice(
    "combine", default: Combine.multiply, "how coverage and attention are joined")

  private let alpha: Double
  private let combine: Combine

  init(options: inout StrategyOptions) throws(PruningError) {
    alpha = try options.value(Self.alphaOption)
    combine = try options.value(Self.combineOption)
  }

  func evidence(on tower: TowerDescription) -> Evidence {
    [.classAttention(layer: tower.featureLayer), .features]
  }

  func resolved(on tower: TowerDescription) -> StrategySpec {
    StrategySpec(name: Self.name, options: ["alpha": spelled(alpha), "combine": combine.rawValue])
  }

  func decide(_ view: ViewInput, keeping share: Int, in context: inout PlanContext) throws(PruningError)
    -> ViewDecision
  {
    let scores = try view.classAttention(layer: view.tower.featureLayer).columnSums()
    let weights = scores.map { pow(max($0, 0), alpha) }
    let cover = FacilityLocation(cover: context.exactCosines(try view.features()))
    let chosen = cover.choose(share) { gain, token in
      combine == .multiply ? gain * weights[token] : gain + weights[token]
    }
    return ViewDecision(keeping: chosen, scores: scores)
  }
}
