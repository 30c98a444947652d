import Basics
import Kernels

/// Groups tokens by principal component, drops near copies inside each group, and takes the best of every group.
/// "Prune Redundancy, Preserve Essence: Vision Token Compression in VLMs via Synergistic Importance-Diversity".
struct PruneSID: PruningStrategy {
  enum Components: String, CaseIterable { case exact, lowrank }
  /// From which cells a crop's tokens are sent: the released code sorts the cells and not what they hold.
  enum Placement: String, CaseIterable { case released, grid }

  static let name = "prunesid"
  static let summary = "the best of groups by principal component (PruneSID, arXiv 2603.09480)"
  static let paper: Paper? = Paper(
    "Prune Redundancy, Preserve Essence: Vision Token Compression in VLMs via Synergistic Importance-Diversity",
    arXiv: "2603.09480")
  static let options = [componentsOption.description, placementOption.description]

  private static let componentsOption = StrategyOption.choice(
    "pca", default: Components.exact, "principal components exactly, or by a random projection", released: .lowrank,
    corrected: .exact)
  private static let placementOption = StrategyOption.choice(
    "placement", default: Placement.released, "the cells from which a crop's tokens are sent", released: .released,
    corrected: .grid)

  private let components: Components
  private let placement: Placement

  init(options: inout StrategyOptions) throws(PruningError) {
    components = try options.value(Self.componentsOption)
    placement = try options.value(Self.placementOption)
  }

  func evidence(on tower: TowerDescription) -> Evidence {
    let rows: [EvidenceKind] =
      tower.hasClassToken ? [.classAttention(layer: tower.featureLayer), .features] : [.projected]
    return Evidence(rows, shared: components == .lowrank ? [.noise] : [])
  }

  func resolved(on tower: TowerDescription) -> StrategySpec {
    StrategySpec(name: Self.name, options: ["pca": components.rawValue, "placement": placement.rawValue])
  }

  func plan(
    _ image: EncodedImage, question: QuestionEvidence, keeping budget: Budget, in context: inout PlanContext
  ) throws(PruningError) -> ImagePlan {
    let picture = image.picture
    let hasClassToken = image.tower.hasClassToken
    let shares = try budget.shares(of: picture.tokens, rounding: hasClassToken ? .towardZero : .toNearestOrEven)
    guard !hasClassToken || shares.allSatisfy({ $0 >= 4 }) else {
      throw .budgetTooSmall(budget, smallest: 4 * shares.count, views: shares.count)
    }
    var noise = image.shared.noise
    var choices: [[Int]] = []
    for (index, share) in shares.enumerated() {
      let view = ViewInput(image: image, index: index)
      choices.append(
        try hasClassToken
          ? choose(view, keeping: share, noise: &noise, in: &context)
          : chooseMerged(view, keeping: share, noise: &noise, in: &context))
    }
    var builder = PlanBuilder(views: shares.count)
    if let raster = picture.cropRaster() {
      send(choices[0], of: 0, to: &builder, hasClassToken)
      let crops = Array(choices.dropFirst())
      for (crop, index) in raster.order(of: crops.map { placement == .released ? $0.sorted() : $0 }) {
        builder.send(crops[crop][index], of: crop + 1)
      }
      for crop in crops.indices where hasClassToken { builder.send(ViewPlan.classSource, of: crop + 1) }
    } else {
      for (view, tokens) in choices.enumerated() { send(tokens, of: view, to: &builder, hasClassToken) }
    }
    return try builder.plan(of: picture, limit: shares.reduce(0, +), count: hasClassToken ? .withinBudget : .adaptive)
  }

  private func send(_ tokens: [Int], of view: Int, to builder: inout PlanBuilder, _ sendsClassToken: Bool) {
    if sendsClassToken { builder.send(ViewPlan.classSource, of: view) }
    for token in tokens { builder.send(token, of: view) }
  }

  /// Tokens of a view beside its class token, group after group.
  private func choose(
    _ view: ViewInput, keeping share: Int, noise: inout Matrix?, in context: inout PlanContext
  ) throws(PruningError) -> [Int] {
    let features = try view.features()
    let importance = try view.classAttention(layer: view.tower.featureLayer).columnSums()
    let vectors = try principal(share / 4, of: features, noise: &noise, in: &context)
    let cosines = context.exactCosines(features)
    var above = 0.0
    for token in 0..<cosines.rows { above += cosines.row(token).dropFirst(token + 1).reduce(0, +) }
    let pairs = Double(max(cosines.rows * (cosines.rows - 1) / 2, 1))
    let groups = TokenGroups(
      members: TokenGroups.members(by: vectors), importance: importance, cosines: cosines,
      limit: Double(share) / 32 * (above / pairs))
    return groups.choose(share, beside: 1)
  }

  /// The rule where there is no class token (Qwen types): the component's own strength ranks, at least 16 are kept, and
  /// more than 150 are sent in raster order.
  private func chooseMerged(
    _ view: ViewInput, keeping share: Int, noise: inout Matrix?, in context: inout PlanContext
  ) throws(PruningError) -> [Int] {
    let rows = try view.projected()
    let tokens = view.tokens
    let count = min(max(share, 16), tokens)
    let vectors = try principal(min(max(count / 4, 4), tokens), of: rows, noise: &noise, in: &context)
    let members = TokenGroups.members(by: vectors)
    var importance = [Double](repeating: 0, count: tokens)
    for (group, list) in members.enumerated() { for token in list { importance[token] = abs(vectors[group, token]) } }
    let cosines = context.exactCosines(rows)
    var upper = 0.0
    for token in 0..<tokens { upper += cosines.row(token).dropFirst(token).reduce(0, +) }
    let factor = max(Double(count) / (Double(tokens) / 18), 1)
    let groups = TokenGroups(
      members: members, importance: importance, cosines: cosines,
      limit: factor * upper / (Double(tokens) * Double(tokens)))
    let chosen = groups.choose(count, beside: 0)
    return chosen.count > 150 ? chosen.sorted() : chosen
  }

  private func principal(
    _ count: Int, of rows: Matrix, noise: inout Matrix?, in context: inout PlanContext
  ) throws(PruningError) -> DoubleMatrix {
    let principal = PrincipalComponents(of: rows, workers: context.workers)
    let vectors: DoubleMatrix?
    switch components {
    case .exact: vectors = principal.exact(count)
    case .lowrank:
      let inner = min(rows.rows, rows.columns)
      // All views share one draw.
      let draw = noise ?? context.normals(rows: inner, columns: count)
      guard draw.rows == inner, draw.columns == count else {
        throw .malformedSharedEvidence(
          "the noise", expected: "\(inner) × \(count)", found: "\(draw.rows) × \(draw.columns)")
      }
      noise = draw
      vectors = principal.projected(count, by: draw)
    }
    guard let vectors else {
      throw .malformedSharedEvidence("the features", expected: "rows with principal components", found: "others")
    }
    return vectors
  }
}
