import Basics
import Kernels

/// Tokens that are as unlike each other as possible. Where a picture is cut, newlines compete with tokens.
/// "DivPrune: Diversity-based Visual Token Pruning for Large Multimodal Models".
struct DivPrune: PruningStrategy {
  static let name = "divprune"
  static let summary = "tokens that are most unlike each other (DivPrune, arXiv 2503.02175)"
  static let paper: Paper? = Paper(
    "DivPrune: Diversity-based Visual Token Pruning for Large Multimodal Models",
    arXiv: "2503.02175")

  init(options: inout StrategyOptions) throws(PruningError) {}

  func evidence(on tower: TowerDescription) -> Evidence { [.projected] }

  func evidence(for picture: PictureDescription) -> Evidence {
    Evidence([.projected], shared: picture.cropRaster() == nil ? [] : [.separator])
  }

  func resolved(on tower: TowerDescription) -> StrategySpec { StrategySpec(name: Self.name, options: []) }

  func plan(
    _ image: EncodedImage, question: QuestionEvidence, keeping budget: Budget, in context: inout PlanContext
  ) throws(PruningError) -> ImagePlan {
    let picture = image.picture
    var projected: [Matrix] = []
    for view in image.views.indices { projected.append(try ViewInput(image: image, index: view).projected()) }
    var separator: [Float] = []
    if picture.cropRaster() != nil {
      separator = try image.shared.separatorRow(width: projected[0].columns)
    }
    let lists = picture.tokenLists(separatesRows: true)
    let counts = try Self.counts(of: budget, lists: lists.map(\.count), picture: picture)
    var builder = PlanBuilder(views: projected.count)
    for (list, count) in zip(lists, counts) {
      let rows = list.flatMap { place in place.map { Array(projected[$0.view].row($0.token)) } ?? separator }
      let spread = FarthestPoint(
        cosines: context.exactCosines(
          Matrix(rows: list.count, columns: projected[0].columns, values: rows)))
      for item in spread.choose(count, from: spread.mostIsolated).sorted() { builder.send(list[item]) }
    }
    return try builder.plan(of: picture, limit: counts.reduce(0, +))
  }

  /// round(R·n) of each list of n, newlines counted; a count is shared out and otherwise taken as it is.
  private static func counts(
    of budget: Budget, lists: [Int], picture: PictureDescription
  ) throws(PruningError) -> [Int] {
    guard case .ratio(let ratio) = budget else { return try budget.shares(among: lists, of: picture) }
    let counts = lists.map { Ranking.roundHalfEven(ratio * Double($0)) }
    guard counts.allSatisfy({ $0 > 0 }) else {
      throw .budgetTooSmall(budget, smallest: lists.count, views: lists.count)
    }
    return counts
  }
}

extension SharedEvidence {
  /// The separator's row, [width].
  /// - Throws: `missingSharedEvidence` or `malformedSharedEvidence`.
  func separatorRow(width: Int) throws(PruningError) -> [Float] {
    guard let separator else { throw .missingSharedEvidence(.separator) }
    guard separator.rows == 1, separator.columns == width, separator.values.allSatisfy(\.isFinite) else {
      throw .malformedSharedEvidence(
        "the newline row", expected: "\(width) finite numbers", found: "\(separator.rows) × \(separator.columns)")
    }
    return separator.values
  }
}
