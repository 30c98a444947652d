import Basics
import Kernels

/// Tokens to which the projector is sensitive and that are unlike each other; sensitivity is estimated by small random
/// steps. "Training-Free Token Pruning via Zeroth-Order Gradient Estimation in Vision-Language Models" (ZOO-Prune).
struct ZooPrune: PruningStrategy {
  enum Newlines: String, CaseIterable { case released, kept }
  enum Layers: String, CaseIterable { case full, rank }

  static let name = "zoo-prune"
  static let summary = "unlike tokens to which the projector is sensitive (ZOO-Prune, arXiv 2509.24837)"
  static let paper: Paper? = Paper(
    "Training-Free Token Pruning via Zeroth-Order Gradient Estimation in Vision-Language Models",
    arXiv: "2509.24837")
  static let options = [
    directionsOption.description, stepOption.description, newlinesOption.description, projectorOption.description,
  ]

  private static let directionsOption = StrategyOption.integer(
    "directions", default: 64, in: 1...65_536, "random directions that are tried")
  private static let stepOption = StrategyOption.number(
    "step", default: 0.01, in: 0.000001...1000, "length of a step")
  private static let newlinesOption = StrategyOption.choice(
    "newlines", default: Newlines.released,
    "which places are sent besides: the newlines, or those that they are taken for",
    released: .released, corrected: .kept)
  private static let projectorOption = StrategyOption.choice(
    "projector", default: Layers.full, "the projector, or each layer at rank 128 (released for several views)",
    released: .rank, corrected: .full)

  /// The number of tokens that the released budget is a share of where a picture is cut, whatever it has.
  private static let assumedTokens = 2880
  private static let releasedRank = 128

  private let directions: Int
  private let step: Double
  private let newlines: Newlines
  private let layers: Layers

  init(options: inout StrategyOptions) throws(PruningError) {
    directions = try options.value(Self.directionsOption)
    step = try options.value(Self.stepOption)
    newlines = try options.value(Self.newlinesOption)
    layers = try options.value(Self.projectorOption)
  }

  /// Families that merge patches, whose towers have no class token, have another connector.
  static func obstacle(hasClassToken: Bool) -> String? {
    hasClassToken ? nil : "steps through a projector of two linear layers, and the family has another connector"
  }

  func evidence(on tower: TowerDescription) -> Evidence {
    Evidence([.features, .projected], shared: [.projector, .noise])
  }

  func resolved(on tower: TowerDescription) -> StrategySpec {
    StrategySpec(
      name: Self.name,
      options: [
        "directions": "\(directions)", "step": spelled(step), "newlines": newlines.rawValue,
        "projector": layers.rawValue,
      ])
  }

  func plan(
    _ image: EncodedImage, question: QuestionEvidence, keeping budget: Budget, in context: inout PlanContext
  ) throws(PruningError) -> ImagePlan {
    let picture = image.picture
    guard let weights = image.shared.projector else { throw .missingSharedEvidence(.projector) }
    let raster = picture.cropRaster(isUnpadded: true, separatesRows: true)
    let counts = try counts(of: budget, picture: picture, isCut: raster != nil)
    let projector = layers == .rank ? try weights.truncated(to: Self.releasedRank) : weights
    var sensitivity: ProjectorSensitivity?
    var kept: [[Int]] = []
    for (index, count) in counts.enumerated() {
      let view = ViewInput(image: image, index: index)
      let features = try view.features()
      let known: ProjectorSensitivity
      if let sensitivity {
        known = sensitivity
      } else {
        known = try self.sensitivity(of: projector, image, width: features.columns, in: &context)
      }
      sensitivity = known
      let valid = (0..<view.tokens).filter { index == 0 || raster?.sends($0, inCrop: index - 1) ?? true }
      let chosen = Self.choose(
        count, of: features.selecting(valid), try view.projected().selecting(valid), by: known, in: context)
      kept.append(chosen.map { valid[$0] })
    }
    var builder = PlanBuilder(views: counts.count)
    if let raster {
      send(kept, list: picture.tokenLists(separatesRows: true)[0], raster: raster, to: &builder)
    } else {
      for (view, tokens) in kept.enumerated() { for token in tokens.sorted() { builder.send(token, of: view) } }
    }
    return try builder.plan(of: picture, limit: picture.visualTokens, count: .adaptive)
  }

  private func counts(
    of budget: Budget, picture: PictureDescription, isCut: Bool
  ) throws(PruningError) -> [Int] {
    guard isCut else { return try budget.shares(of: picture.tokens) }
    let ratio = budget.keepRatio(of: picture.visualTokens)
    let views = picture.layout.views
    let count = Int(Double(Self.assumedTokens) * ratio) / views
    guard count > 0 else {
      throw .budgetTooSmall(
        budget, smallest: (views * picture.visualTokens - 1) / Self.assumedTokens + 1, views: views)
    }
    return [Int](repeating: count, count: views)
  }

  private func sensitivity(
    of projector: ProjectorWeights, _ image: EncodedImage, width: Int, in context: inout PlanContext
  ) throws(PruningError) -> ProjectorSensitivity {
    let noise = image.shared.noise ?? context.normals(rows: directions, columns: width)
    guard noise.rows == directions, noise.columns == width else {
      throw .malformedSharedEvidence(
        "the noise", expected: "\(directions) × \(width)", found: "\(noise.rows) × \(noise.columns)")
    }
    guard projector.first.columns == width else {
      throw .malformedSharedEvidence(
        "the projector", expected: "\(width) wide at its input", found: "\(projector.first.columns)")
    }
    return ProjectorSensitivity(projector: projector, noise: noise, step: step, workers: context.workers)
  }

  private static func choose(
    _ count: Int, of features: Matrix, _ projected: Matrix, by sensitivity: ProjectorSensitivity,
    in context: PlanContext
  ) -> [Int] {
    guard features.rows > 0 else { return [] }
    let values = sensitivity(of: features)
    let (lowest, highest) = (values.min() ?? 0, values.max() ?? 0)
    let weights = values.map { highest > lowest ? ($0 - lowest) / (highest - lowest + 1e-8) : 1 }
    return FarthestPoint(cosines: context.exactCosines(projected))
      .choose(count, from: Ranking.first(of: weights), weights: weights)
  }

  /// Sends what is kept in the order of the list, with the newlines or what stands at their places. The released code
  /// counts the newlines' places from the first crop and uses them from the start of the list.
  private func send(
    _ kept: [[Int]], list: [TokenPlace?], raster: ViewRaster, to builder: inout PlanBuilder
  ) {
    let columns = raster.columns.count
    let start = newlines == .kept ? list.count - raster.rows.count * (columns + 1) : 0
    let extra = Set((0..<raster.rows.count).map { start + $0 * (columns + 1) + columns })
    let known = kept.map { Set($0) }
    for (index, place) in list.enumerated() {
      if extra.contains(index) || place.map({ known[$0.view].contains($0.token) }) == true { builder.send(place) }
    }
  }
}
