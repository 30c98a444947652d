import Basics
import Kernels

/// Tokens that no later token is like: the filter before TextMonkey's resampler, which needs no training.
/// "TextMonkey: An OCR-Free Large Multimodal Model for Understanding Document".
struct TextMonkey: ViewStrategy {
  static let name = "textmonkey"
  static let summary = "tokens that no later token is like (TextMonkey's filter, arXiv 2403.04473)"
  static let paper: Paper? = Paper(
    "TextMonkey: An OCR-Free Large Multimodal Model for Understanding Document",
    arXiv: "2403.04473")

  init(options: inout StrategyOptions) throws(PruningError) {}

  func evidence(on tower: TowerDescription) -> Evidence { [.projected] }

  func resolved(on tower: TowerDescription) -> StrategySpec { StrategySpec(name: Self.name, options: []) }

  func decide(_ view: ViewInput, keeping share: Int, in context: inout PlanContext) throws(PruningError)
    -> ViewDecision
  {
    let cosines = context.exactCosines(try view.projected())
    // The last token has no later one, and is always kept.
    let likeness = (0..<view.tokens).map { token in cosines.row(token).dropFirst(token + 1).max() ?? -1 }
    let unlike = likeness.enumerated().map { $0.offset == view.tokens - 1 ? 2 : -$0.element }
    return ViewDecision(keeping: Ranking.top(share, of: unlike), scores: unlike)
  }
}
