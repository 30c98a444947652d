import Basics
import Kernels

/// Tokens that matter to the question and are unlike each other: the subset of largest determinant.
/// "Beyond Attention or Similarity: Maximizing Conditional Diversity for Token Pruning in MLLMs" (CDPruner).
struct CDPruner: PruningStrategy {
  static let name = "cdpruner"
  static let summary = "unlike tokens that matter to the question, by determinant (CDPruner, arXiv 2506.10967)"
  static let paper: Paper? = Paper(
    "Beyond Attention or Similarity: Maximizing Conditional Diversity for Token Pruning in MLLMs",
    arXiv: "2506.10967")

  init(options: inout StrategyOptions) throws(PruningError) {}

  func evidence(on tower: TowerDescription) -> Evidence {
    Evidence([.projected]).union(QuestionRelevance.evidence(on: tower))
  }

  func resolved(on tower: TowerDescription) -> StrategySpec { StrategySpec(name: Self.name, options: []) }

  func plan(
    _ image: EncodedImage, question: QuestionEvidence, keeping budget: Budget, in context: inout PlanContext
  ) throws(PruningError) -> ImagePlan {
    let shares = try budget.shares(of: image.picture.tokens)
    let relevance = try QuestionRelevance.scaled(of: image, question: question, in: context)
    var plans: [ViewPlan] = []
    for (index, share) in shares.enumerated() {
      let rows = try ViewInput(image: image, index: index).projected()
      let choice = DeterminantalChoice(similarities: context.exactCosines(rows), relevance: relevance[index])
      plans.append(ViewPlan(keeping: choice.choose(share).sorted()))
    }
    return try ImagePlan(arranging: plans, of: image.picture, limit: shares.reduce(0, +), scores: relevance)
  }
}

/// How much each token matters to the question, as CDPruner measures it: the less it is like the text, the more. CLIP's
/// texts and patches lie apart, and the released sign is this one.
enum QuestionRelevance {
  /// CLIP's joint space, or the decoder's embeddings where the tower is not CLIP's.
  /// - Parameter texts: how CLIP's text tower reads the question: `clipTexts` or `clipText`.
  static func evidence(on tower: TowerDescription, texts: QuestionEvidenceKind = .clipTexts) -> Evidence {
    tower.hasClassToken
      ? Evidence([.clipSpace], question: [texts]) : Evidence([.textSpace], question: [.embeddings])
  }

  /// The question's segments and each view's rows, in one space.
  static func rows(
    of image: EncodedImage, question: QuestionEvidence, texts kind: QuestionEvidenceKind = .clipTexts
  ) throws(PruningError) -> (texts: Matrix, views: [Matrix]) {
    let isClip = image.tower.hasClassToken
    let texts = try question.rows(of: isClip ? kind : .embeddings)
    var views: [Matrix] = []
    for index in image.views.indices {
      let view = ViewInput(image: image, index: index)
      views.append(try view.rows(isClip ? .clipSpace : .textSpace, besideTextOf: texts.columns))
    }
    return (texts, views)
  }

  /// Means over the segments of −cosine, scaled to 0…1 over all views together.
  static func scaled(
    of image: EncodedImage, question: QuestionEvidence, in context: PlanContext
  ) throws(PruningError) -> [[Double]] {
    let (texts, views) = try rows(of: image, question: question)
    let relevance = views.map { rows in
      let cosines = context.exactCosines(rows, texts)
      return (0..<rows.rows).map { -cosines.row($0).reduce(0, +) / Double(texts.rows) }
    }
    let all = relevance.flatMap(\.self)
    let (lowest, highest) = (all.min() ?? 0, all.max() ?? 0)
    // Where all are alike there is nothing to scale: similarity alone decides.
    guard highest > lowest else { return relevance.map { $0.map { _ in 1 } } }
    return relevance.map { $0.map { ($0 - lowest + 1e-6) / (highest - lowest) } }
  }
}
