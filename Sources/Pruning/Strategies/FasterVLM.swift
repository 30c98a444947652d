import Basics

/// The tokens that the class token attends to most, in raster order.
/// "[CLS] Attention is All You Need for Training-Free Visual Token Pruning" (FasterVLM).
struct FasterVLM: ViewStrategy {
  enum Heads: String, CaseIterable { case mean, max }

  static let name = "fastervlm"
  static let summary = "top tokens by class-token attention (FasterVLM, arXiv 2412.01818)"
  static let paper: Paper? = Paper(
    "[CLS] Attention is All You Need for Training-Free Visual Token Pruning: Make VLM Inference Faster",
    arXiv: "2412.01818")
  static let needsClassToken = true
  static let options = [layerOption.description, headsOption.description]

  private static let layerOption = StrategyOption.block(
    "layer", default: -2, "the block whose class attention ranks tokens")
  private static let headsOption = StrategyOption.choice("heads", default: Heads.mean, "how heads are joined")

  private let layer: Int
  private let heads: Heads

  init(options: inout StrategyOptions) throws(PruningError) {
    layer = try options.value(Self.layerOption)
    heads = try options.value(Self.headsOption)
  }

  func evidence(on tower: TowerDescription) throws(PruningError) -> Evidence {
    return [.classAttention(layer: try block(layer, option: "layer", on: tower))]
  }

  func resolved(on tower: TowerDescription) -> StrategySpec {
    StrategySpec(name: Self.name, options: ["layer": "\(layer)", "heads": heads.rawValue])
  }

  func decide(_ view: ViewInput, keeping share: Int, in context: inout PlanContext) throws(PruningError)
    -> ViewDecision
  {
    let attention = try view.classAttention(layer: try block(layer, option: "layer", on: view.tower))
    let scores = heads == .mean ? attention.columnMeans() : attention.columnMaxima()
    return ViewDecision(keeping: Ranking.top(share, of: scores), scores: scores)
  }
}
