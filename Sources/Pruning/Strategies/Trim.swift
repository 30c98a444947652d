import Basics
import Foundation
import Kernels

/// The tokens that CLIP finds least like the question, and the mean of all others.
/// "Less is More: A Simple yet Effective Token Reduction Method for Efficient Multi-modal LLMs" (TRIM).
struct Trim: PruningStrategy {
  enum Views: String, CaseIterable { case each, released }

  static let name = "trim"
  static let summary = "tokens by product with the question, the rest averaged (TRIM, arXiv 2409.10994)"
  static let paper: Paper? = Paper(
    "Less is More: A Simple yet Effective Token Reduction Method for Efficient Multi-modal LLMs",
    arXiv: "2409.10994")
  static let findsOwnBudget = true
  static let options = [viewsOption.description]

  private static let viewsOption = StrategyOption.choice(
    "views", default: Views.each, "whether every view is sent, or the first alone", released: .released,
    corrected: .each)

  private let views: Views

  init(options: inout StrategyOptions) throws(PruningError) { views = try options.value(Self.viewsOption) }

  func evidence(on tower: TowerDescription) -> Evidence { QuestionRelevance.evidence(on: tower, texts: .clipText) }

  func resolved(on tower: TowerDescription) -> StrategySpec {
    StrategySpec(name: Self.name, options: ["views": views.rawValue])
  }

  func plan(
    _ image: EncodedImage, question: QuestionEvidence, keeping budget: Budget, in context: inout PlanContext
  ) throws(PruningError) -> ImagePlan {
    let (texts, rows) = try QuestionRelevance.rows(of: image, question: question, texts: .clipText)
    guard texts.rows == 1 || !image.tower.hasClassToken else {
      throw .malformedSharedEvidence("the text", expected: "one row", found: "\(texts.rows) rows")
    }
    let text = texts.columnMeans()
    let scores = rows.map { rows in
      (0..<rows.rows).map { row in -zip(rows.row(row), text).reduce(0) { $0 + Double($1.0) * $1.1 } }
    }
    let counts: [Int]
    if budget == .adaptive {
      let share = Outliers.share(of: scores.flatMap(Self.softmax))
      counts = image.picture.tokens.map { Int(Double($0) * share) }
    } else {
      counts = try budget.shares(of: image.picture.tokens)
    }
    var builder = PlanBuilder(views: rows.count)
    for (view, count) in counts.enumerated() where views == .each || view == 0 {
      let kept = Ranking.top(count, of: scores[view]).sorted()
      for token in kept { builder.send(token, of: view) }
      let known = Set(kept)
      let rest = scores[view].indices.filter { !known.contains($0) }
      guard !rest.isEmpty else { continue }
      let weights = [Float](repeating: 1 / Float(rest.count), count: rest.count)
      builder.send(ViewPlan.Row(sources: rest, weights: weights, anchor: ViewPlan.mergedAnchor), of: view)
    }
    return try builder.plan(of: image.picture, limit: 0, count: .adaptive, scores: scores)
  }

  private static func softmax(_ values: [Double]) -> [Double] {
    let highest = values.max() ?? 0
    let powers = values.map { exp($0 - highest) }
    let total = powers.reduce(0, +)
    return powers.map { $0 / total }
  }
}
