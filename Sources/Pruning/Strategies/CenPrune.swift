import Basics
import Foundation
import Kernels

/// DivPrune or CDPruner on centred features, weighted by how unlike the others a token is. Written from the paper
/// (Cen-Prune, arXiv 2608.30263); its authors released no code.
struct CenPrune: PruningStrategy {
  enum Selector: String, CaseIterable { case divprune, cdpruner }
  enum Score: String, CaseIterable { case minmax, sigmoid }

  static let name = "cen-prune"
  static let summary = "divprune or cdpruner on centred features (Cen-Prune, arXiv 2608.30263)"
  static let paper: Paper? = Paper("Cen-Prune", arXiv: "2608.30263")
  static let options = [selectorOption.description, standardizeOption.description, scoreOption.description]

  private static let selectorOption = StrategyOption.choice(
    "selector", default: Selector.divprune, "the method that chooses")
  private static let standardizeOption = StrategyOption.flag(
    "standardize", default: nil, "divide each dimension by its deviation over the tokens",
    decides: "false; true where patches merge")
  private static let scoreOption = StrategyOption.choice(
    "score", default: Score?.none, "how the weight is scaled", decides: "minmax; sigmoid where patches merge")

  /// The paper's ε, to which it gives no value.
  private static let epsilon = 1e-8

  private let selector: Selector
  private let standardizes: Bool?
  private let score: Score?

  init(options: inout StrategyOptions) throws(PruningError) {
    selector = try options.value(Self.selectorOption)
    standardizes = try options.value(ifGiven: Self.standardizeOption)
    score = try options.value(ifGiven: Self.scoreOption)
  }

  func evidence(on tower: TowerDescription) -> Evidence {
    let rows = Evidence([Self.space(on: tower)])
    return selector == .cdpruner ? rows.union(QuestionRelevance.evidence(on: tower)) : rows
  }

  func resolved(on tower: TowerDescription) -> StrategySpec {
    StrategySpec(
      name: Self.name,
      options: [
        "selector": selector.rawValue, "standardize": "\(standardizes ?? tower.mergesPatches)",
        "score": score(on: tower).rawValue,
      ])
  }

  func plan(
    _ image: EncodedImage, question: QuestionEvidence, keeping budget: Budget, in context: inout PlanContext
  ) throws(PruningError) -> ImagePlan {
    let tower = image.tower
    let rounding: FloatingPointRoundingRule = selector == .divprune ? .toNearestOrEven : .towardZero
    let shares = try budget.shares(of: image.picture.tokens, rounding: rounding)
    let relevance =
      selector == .cdpruner ? try QuestionRelevance.scaled(of: image, question: question, in: context) : []
    var plans: [ViewPlan] = []
    var scores: [[Double]] = []
    for (index, share) in shares.enumerated() {
      let view = ViewInput(image: image, index: index)
      var rows = try view.matrix(Self.space(on: tower), rows: view.tokens).doubles
      if standardizes ?? tower.mergesPatches { Self.standardize(&rows) }
      let weights = scaled(Self.distinctness(of: rows), by: score(on: tower))
      let cosines = Self.centredCosines(of: rows, context)
      let chosen: [Int]
      switch selector {
      case .divprune:
        let spread = FarthestPoint(cosines: cosines)
        chosen = spread.choose(share, from: spread.mostIsolated, weights: weights)
      case .cdpruner:
        let joined = zip(relevance[index], weights).map { $0 * $1 }
        chosen = DeterminantalChoice(similarities: cosines, relevance: joined).choose(share)
      }
      plans.append(ViewPlan(keeping: chosen.sorted()))
      scores.append(weights)
    }
    return try ImagePlan(arranging: plans, of: image.picture, limit: shares.reduce(0, +), scores: scores)
  }

  private static func space(on tower: TowerDescription) -> EvidenceKind {
    tower.mergesPatches ? .features : .projected
  }

  private func score(on tower: TowerDescription) -> Score { score ?? (tower.mergesPatches ? .sigmoid : .minmax) }
}

extension CenPrune {
  private static func means(of rows: DoubleMatrix) -> [Double] {
    var sums = [Double](repeating: 0, count: rows.columns)
    for row in 0..<rows.rows { GreedyMath.subtract(Array(rows.row(row)), times: -1, from: &sums) }
    return sums.map { $0 / Double(rows.rows) }
  }

  /// Divides each dimension by √(variance over the tokens + ε).
  private static func standardize(_ rows: inout DoubleMatrix) {
    let means = means(of: rows)
    var squares = [Double](repeating: 0, count: rows.columns)
    for row in 0..<rows.rows {
      for (column, value) in rows.row(row).enumerated() {
        squares[column] += (value - means[column]) * (value - means[column])
      }
    }
    let factors = squares.map { 1 / ($0 / Double(rows.rows) + epsilon).squareRoot() }
    for index in rows.values.indices { rows.values[index] *= factors[index % rows.columns] }
  }

  private static func directions(of rows: DoubleMatrix) -> DoubleMatrix {
    var result = rows
    for row in 0..<rows.rows {
      let length = rows.row(row).reduce(0) { $0 + $1 * $1 }.squareRoot()
      let factor = length > 0 ? 1 / length : 0
      for index in row * rows.columns..<(row + 1) * rows.columns { result.values[index] *= factor }
    }
    return result
  }

  /// Cosines after the mean over the tokens is taken away.
  private static func centredCosines(of rows: DoubleMatrix, _ context: PlanContext) -> DoubleMatrix {
    let means = means(of: rows)
    var centred = rows
    for index in centred.values.indices { centred.values[index] -= means[index % rows.columns] }
    return ExactSimilarity.products(of: directions(of: centred), workers: context.workers)
  }

  /// g_i: minus the mean cosine with the other tokens, not centred.
  private static func distinctness(of rows: DoubleMatrix) -> [Double] {
    let directions = directions(of: rows)
    let sum = means(of: directions).map { $0 * Double(rows.rows) }
    return (0..<rows.rows).map { row in
      let (all, own) = zip(directions.row(row), sum).reduce((0.0, 0.0)) { ($0.0 + $1.0 * $1.1, $0.1 + $1.0 * $1.0) }
      return -(all - own) / Double(max(rows.rows - 1, 1))
    }
  }

  private func scaled(_ values: [Double], by score: Score) -> [Double] {
    switch score {
    case .minmax:
      let (lowest, highest) = (values.min() ?? 0, values.max() ?? 0)
      return values.map { ($0 - lowest) / (highest - lowest + Self.epsilon) }
    case .sigmoid:
      let mean = values.reduce(0, +) / Double(values.count)
      let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)
      return values.map { 1 / (1 + exp(-($0 - mean) / (variance.squareRoot() + Self.epsilon))) }
    }
  }
}
