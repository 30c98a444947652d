import Basics
import Kernels

/// The class token and the tokens that it attends to most; the others are merged around a few evenly placed targets.
/// "VisionZip: Longer is Better but Not Necessary in Vision Language Models".
struct VisionZip: PruningStrategy {
  static let name = "visionzip"
  static let summary = "top tokens by class attention, the rest merged by their keys (VisionZip, arXiv 2412.04467)"
  static let paper: Paper? = Paper(
    "VisionZip: Longer is Better but Not Necessary in Vision Language Models",
    arXiv: "2412.04467")
  static let needsClassToken = true
  static let options = [dominantOption.description, contextualOption.description]

  private static let dominantOption = StrategyOption.integer(
    "dominant", default: nil, in: 1...65_536, "tokens of a view kept by attention, the class token included",
    decides: "what the contextual ones leave of the budget")
  private static let contextualOption = StrategyOption.integer(
    "contextual", default: nil, in: 0...65_536, "tokens of a view that the rest is merged into",
    decides: "what the dominant ones leave, or 10 of 64")

  private let dominant: Int?
  private let contextual: Int?

  init(options: inout StrategyOptions) throws(PruningError) {
    dominant = try options.value(ifGiven: Self.dominantOption)
    contextual = try options.value(ifGiven: Self.contextualOption)
  }

  func evidence(on tower: TowerDescription) -> Evidence {
    [.classAttention(layer: tower.featureLayer), .keys(layer: tower.featureLayer)]
  }

  func resolved(on tower: TowerDescription) -> StrategySpec {
    StrategySpec(
      name: Self.name,
      options: [("dominant", dominant), ("contextual", contextual)].compactMap { name, value in
        value.map { StrategySpec.Option(name: name, value: "\($0)") }
      })
  }

  func plan(
    _ image: EncodedImage, question: QuestionEvidence, keeping budget: Budget, in context: inout PlanContext
  ) throws(PruningError) -> ImagePlan {
    let picture = image.picture
    let shares = try budget.shares(of: picture.tokens)
    var choices: [Choice] = []
    for (index, share) in shares.enumerated() {
      choices.append(try choose(ViewInput(image: image, index: index), counts: try counts(of: share)))
    }
    var builder = PlanBuilder(views: shares.count)
    if let raster = picture.cropRaster() {
      choices[0].send(of: 0, to: &builder)
      let crops = choices.dropFirst().enumerated().map { ($0.offset, $0.element) }
      for (crop, index) in raster.order(of: crops.map(\.1.dominant)) {
        builder.send(choices[crop + 1].dominant[index], of: crop + 1)
      }
      for (crop, _) in crops { builder.send(ViewPlan.classSource, of: crop + 1) }
      for (crop, choice) in crops { for row in choice.contextual { builder.send(row, of: crop + 1) } }
    } else {
      for (view, choice) in choices.enumerated() { choice.send(of: view, to: &builder) }
    }
    return try builder.plan(
      of: picture, limit: shares.reduce(0, +), weights: .unnormalised, scores: choices.map(\.scores))
  }

  /// How a view's share is divided. The released pairs, 54 + 10 of 64 and its multiples, set the default.
  private func counts(of share: Int) throws(PruningError) -> (dominant: Int, contextual: Int) {
    let contextual =
      contextual ?? dominant.map { max(0, share - $0) }
      ?? min(Ranking.roundHalfEven(Double(share * 10) / 64), share - 1)
    let dominant = dominant ?? max(1, share - contextual)
    guard dominant + contextual <= share else {
      throw .optionsExceedBudget(
        strategy: Self.name, options: "dominant=\(dominant) and contextual=\(contextual)", sum: dominant + contextual,
        share: share)
    }
    return (dominant, contextual)
  }

  /// What is sent of one view.
  private struct Choice {
    let scores: [Double]
    /// Ascending, without the class token.
    let dominant: [Int]
    let contextual: [ViewPlan.Row]

    func send(of view: Int, to builder: inout PlanBuilder) {
      for token in [ViewPlan.classSource] + dominant { builder.send(token, of: view) }
      for row in contextual { builder.send(row, of: view) }
    }
  }

  private func choose(
    _ view: ViewInput, counts: (dominant: Int, contextual: Int)
  ) throws(PruningError) -> Choice {
    let layer = view.tower.featureLayer
    let attention = try view.classAttention(layer: layer)
    let scores = attention.columnSums()
    let dominant = Ranking.top(counts.dominant - 1, of: scores).sorted()
    let kept = Set(dominant)
    let rest = (0..<view.tokens).filter { !kept.contains($0) }
    let keys = try view.keys(layer: layer)
    guard keys.columns % attention.rows == 0 else {
      throw .malformedEvidence(
        .keys(layer: layer), view: view.index, expected: "those of \(attention.rows) heads",
        found: "\(keys.columns) numbers a token")
    }
    return Choice(
      scores: scores, dominant: dominant,
      contextual: Self.merge(rest, into: counts.contextual, by: Self.directions(of: keys, heads: attention.rows)))
  }

  /// The head mean of each token's keys, at length 1.
  private static func directions(of keys: Matrix, heads: Int) -> [[Double]] {
    let width = keys.columns / heads
    return (0..<keys.rows).map { token in
      var sums = [Double](repeating: 0, count: width)
      for (place, value) in keys.row(token).enumerated() { sums[place % width] += Double(value) }
      let length = sums.reduce(0) { $0 + $1 * $1 }.squareRoot()
      return length > 0 ? sums.map { $0 / length } : sums
    }
  }

  /// Targets lie at even distances among `rest`; each other token joins the target whose key is most like its own. A
  /// target's row is the target plus the mean of those that joined it, so its length about doubles.
  private static func merge(_ rest: [Int], into count: Int, by keys: [[Double]]) -> [ViewPlan.Row] {
    guard count > 0 else { return [] }
    let step = max(1, rest.count / count)
    let targets = stride(from: 0, to: rest.count, by: step).prefix(count).map { rest[$0] }
    let isTarget = Set(targets)
    var members = [[Int]](repeating: [], count: targets.count)
    for token in rest where !isTarget.contains(token) {
      let likeness = targets.map { target in zip(keys[token], keys[target]).reduce(0) { $0 + $1.0 * $1.1 } }
      members[Ranking.first(of: likeness)].append(token)
    }
    return zip(targets, members).map { target, members in
      ViewPlan.Row(
        sources: [target] + members, weights: [1] + members.map { _ in 1 / Float(members.count) }, anchor: target,
        isContextual: true)
    }
  }
}
