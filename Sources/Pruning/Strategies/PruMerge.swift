import Basics
import Foundation
import Kernels

/// The tokens that the class token attends to most, each with its likest neighbours added; the rest become one token.
/// "LLaVA-PruMerge: Adaptive Token Reduction for Efficient Large Multimodal Models".
struct PruMerge: MergingStrategy {
  static let name = "prumerge"
  static let summary = "outliers of class attention, with their neighbours added (PruMerge, arXiv 2403.15388)"
  static let paper: Paper? = Paper(
    "LLaVA-PruMerge: Adaptive Token Reduction for Efficient Large Multimodal Models",
    arXiv: "2403.15388")

  let merging: PruMerging

  func extend(_ scored: [Int], share: Double, tokens: Int) -> [Int] { scored }
}

/// PruMerge, and tokens at even distances over the whole view. The released program runs this one.
struct PruMergePlus: MergingStrategy {
  static let name = "prumerge+"
  static let summary = "prumerge, and tokens at even distances (PruMerge+, arXiv 2403.15388)"
  static let paper: Paper? = Paper(
    "LLaVA-PruMerge: Adaptive Token Reduction for Efficient Large Multimodal Models",
    arXiv: "2403.15388")

  let merging: PruMerging

  func extend(_ scored: [Int], share: Double, tokens: Int) throws(PruningError) -> [Int] {
    guard share > 0 else { throw .nothingStandsOut(strategy: Self.name) }
    let step = Int((1 / share).rounded(.down) / 3)
    guard step > 0 else { throw .shareTooLarge(strategy: Self.name, largest: "a third") }
    let known = Set(scored)
    // The last token is never sampled, as in the released code.
    return scored + stride(from: 0, to: tokens - 1, by: step).filter { !known.contains($0) }
  }
}

/// PruMerge or PruMerge+: they differ in the tokens that stay.
protocol MergingStrategy: PruningStrategy {
  init(merging: PruMerging)
  var merging: PruMerging { get }
  /// The tokens to keep of a view, from those kept by score (best first), their share of all, and the view's number of
  /// tokens.
  func extend(_ scored: [Int], share: Double, tokens: Int) throws(PruningError) -> [Int]
}

extension MergingStrategy {
  static var needsClassToken: Bool { true }
  static var findsOwnBudget: Bool { true }
  static var options: [OptionDescription] { PruMerging.options }

  init(options: inout StrategyOptions) throws(PruningError) {
    self.init(merging: try PruMerging(options: &options))
  }

  func evidence(on tower: TowerDescription) -> Evidence { PruMerging.evidence(on: tower) }

  func resolved(on tower: TowerDescription) -> StrategySpec { merging.resolved(Self.name) }

  func plan(
    _ image: EncodedImage, question: QuestionEvidence, keeping budget: Budget, in context: inout PlanContext
  ) throws(PruningError) -> ImagePlan {
    try merging.plan(image, keeping: budget, in: context, extend: extend)
  }
}

/// What the two have in common.
struct PruMerging {
  static let options = [neighboursOption.description]
  private static let neighboursOption = StrategyOption.integer(
    "neighbours", default: 32, in: 0...65_536, "tokens that are added to a kept one")

  private let neighbours: Int

  init(options: inout StrategyOptions) throws(PruningError) {
    neighbours = try options.value(Self.neighboursOption)
  }

  static func evidence(on tower: TowerDescription) -> Evidence {
    let last = tower.depth - 1
    return [.classLogits(layer: last), .classOwnLogits(layer: last), .keys(layer: last)]
  }

  func resolved(_ name: String) -> StrategySpec { StrategySpec(name: name, options: ["neighbours": "\(neighbours)"]) }

  /// - Parameter extend: the tokens to keep of a view, from those kept by score (best first), their share of all, and
  ///   the view's number of tokens.
  func plan(
    _ image: EncodedImage, keeping budget: Budget, in context: PlanContext,
    extend: (_ scored: [Int], _ share: Double, _ tokens: Int) throws(PruningError) -> [Int]
  ) throws(PruningError) -> ImagePlan {
    let views = image.views.indices.map { ViewInput(image: image, index: $0) }
    var weights: [[Double]] = []
    for view in views { weights.append(try Self.weights(of: view)) }
    // A batch is judged as one.
    let share =
      budget == .adaptive
      ? Outliers.share(of: weights.flatMap(\.self)) : budget.keepRatio(of: image.picture.visualTokens)
    var builder = PlanBuilder(views: views.count)
    let shares = budget == .adaptive ? nil : try budget.shares(of: image.picture.tokens)
    for view in views {
      let scores = weights[view.index]
      let count = shares?[view.index] ?? Int(Double(view.tokens) * share)
      let kept = try extend(Ranking.top(count, of: scores), share, view.tokens)
      for row in try rows(of: view, keeping: kept, weights: scores, in: context) { builder.send(row, of: view.index) }
    }
    return try builder.plan(
      of: image.picture, limit: 0, count: .adaptive, weights: .unnormalised, scores: weights)
  }

  /// The class token's attention over whole-width products (all heads as one), after softmax over the whole sequence;
  /// its own part is left out.
  private static func weights(of view: ViewInput) throws(PruningError) -> [Double] {
    let layer = view.tower.depth - 1
    let logits = try view.classLogits(layer: layer)
    let own = try view.classOwnLogits(layer: layer)
    guard own.count == logits.rows else {
      throw .malformedEvidence(
        .classOwnLogits(layer: layer), view: view.index, expected: "\(logits.rows) values", found: "\(own.count)")
    }
    // A head's logits are scaled by its width, the whole row's by heads · width.
    let scale = 1 / Double(logits.rows).squareRoot()
    let joined = logits.columnSums().map { $0 * scale }
    let ownJoined = own.reduce(0, +) * scale
    let highest = max(joined.max() ?? ownJoined, ownJoined)
    let powers = joined.map { exp($0 - highest) }
    let total = powers.reduce(0, +) + exp(ownJoined - highest)
    return powers.map { $0 / total }
  }

  /// Each kept token plus the weighted sum of its nearest neighbours by key; last, the weighted sum of all others.
  private func rows(
    of view: ViewInput, keeping kept: [Int], weights: [Double], in context: PlanContext
  ) throws(PruningError) -> [ViewPlan.Row] {
    let keys = try view.keys(layer: view.tower.depth - 1)
    let known = Set(kept)
    let rest = (0..<view.tokens).filter { !known.contains($0) }
    let chosen = keys.selecting(kept)
    let cosines = context.exactCosines(chosen, keys)
    // Ties go to what comes first in this order.
    let order = kept + rest
    var rows = kept.enumerated().map { index, token in
      let others = order.filter { $0 != token }
      let nearest = Ranking.top(neighbours, of: others.map { cosines[index, $0] }).map { others[$0] }
      return ViewPlan.Row(
        sources: [token] + nearest, weights: [1] + nearest.map { Float(weights[$0]) }, anchor: token)
    }
    if !rest.isEmpty {
      rows.append(
        ViewPlan.Row(
          sources: rest, weights: rest.map { Float(weights[$0]) }, anchor: ViewPlan.mergedAnchor))
    }
    return rows
  }
}
