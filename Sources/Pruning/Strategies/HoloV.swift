import Basics
import Kernels

/// Shares the budget among consecutive windows of tokens, and takes each window's best by the class token's attention.
/// "Don't Just Chase Highlighted Tokens in MLLMs: Revisiting Visual Holistic Context Retention" (HoloV).
struct HoloV: PruningStrategy {
  enum Zeros: String, CaseIterable { case released, dropped }

  static let name = "holov"
  static let summary = "top tokens of each window, windows by attention and variety (HoloV, arXiv 2510.02912)"
  static let paper: Paper? = Paper(
    "Don't Just Chase Highlighted Tokens in MLLMs: Revisiting Visual Holistic Context Retention",
    arXiv: "2510.02912")
  static let options = [windowsOption.description, zerosOption.description]

  private static let windowsOption = StrategyOption.integer(
    "windows", default: nil, in: 1...65_536, "consecutive windows that the tokens are cut into",
    decides: "16; where patches merge, 1024/576 · tokens ÷ budget")
  private static let zerosOption = StrategyOption.choice(
    "zeros", default: Zeros.released, "what fills up where a window has fewer tokens than its share",
    released: .released, corrected: .dropped)

  /// What a window's attention and its variety weigh.
  private static let attentionWeight = 1000.0
  private static let varietyWeight = 0.09

  private let windows: Int?
  private let zeros: Zeros

  init(options: inout StrategyOptions) throws(PruningError) {
    windows = try options.value(ifGiven: Self.windowsOption)
    zeros = try options.value(Self.zerosOption)
  }

  /// Class attention, or the last block's column sums where there is no class token.
  func evidence(on tower: TowerDescription) -> Evidence {
    tower.hasClassToken
      ? [.classAttention(layer: tower.featureLayer), .projected]
      : [.attentionReceived(layer: tower.depth - 1, queries: .all), .projected]
  }

  func resolved(on tower: TowerDescription) -> StrategySpec {
    let counted = windows ?? (tower.mergesPatches ? nil : 16)
    let first = counted.map { [StrategySpec.Option(name: "windows", value: "\($0)")] } ?? []
    return StrategySpec(name: Self.name, options: first + [StrategySpec.Option(name: "zeros", value: zeros.rawValue)])
  }

  func plan(
    _ image: EncodedImage, question: QuestionEvidence, keeping budget: Budget, in context: inout PlanContext
  ) throws(PruningError) -> ImagePlan {
    let picture = image.picture
    var scores: [[Double]] = []
    var rows: [Matrix] = []
    for index in image.views.indices {
      let view = ViewInput(image: image, index: index)
      scores.append(try Self.attention(of: view))
      rows.append(try view.projected())
    }
    let lists = picture.tokenLists(separatesRows: false).map { $0.compactMap(\.self) }
    let counts = try budget.shares(among: lists.map(\.count), of: picture)
    var builder = PlanBuilder(views: rows.count)
    for (list, count) in zip(lists, counts) {
      let values = list.map { scores[$0.view][$0.token] }
      let features = Matrix(
        rows: list.count, columns: rows[0].columns, values: list.flatMap { rows[$0.view].row($0.token) })
      let cut = windows(of: list.count, keeping: count, on: picture.tower)
      let chosen = Self.choose(count, of: values, features, in: cut, context: context).prefix(count)
      for item in chosen { builder.send(list[item]) }
      guard zeros == .released, let last = list.last else { continue }
      let missing = count - chosen.count
      if picture.tower.mergesPatches {
        // The release gives them position −1, which names the last token.
        for _ in 0..<missing { builder.send(last) }
      } else {
        builder.sendZeros(missing)
      }
    }
    return try builder.plan(of: picture, limit: counts.reduce(0, +), scores: scores)
  }

  /// Means over heads, or over heads and queries. Only their proportions matter.
  private static func attention(of view: ViewInput) throws(PruningError) -> [Double] {
    guard view.tower.hasClassToken else {
      let queries = Double(view.patches)
      return try view.received(layer: view.tower.depth - 1).map { $0 / queries }
    }
    return try view.classAttention(layer: view.tower.featureLayer).columnMeans()
  }

  /// Consecutive windows; the first ones are longer by one where they do not divide the tokens.
  private func windows(of tokens: Int, keeping count: Int, on tower: TowerDescription) -> [Range<Int>] {
    let merged = max(1, Int(1024.0 / 576 * Double(tokens) / Double(max(count, 1))))
    let number = windows ?? (tower.mergesPatches ? merged : 16)
    var start = 0
    return (0..<min(number, tokens)).map { window in
      let size = tokens / number + (window < tokens % number ? 1 : 0)
      defer { start += size }
      return start..<start + size
    }
  }

  private static func choose(
    _ count: Int, of attention: [Double], _ features: Matrix, in windows: [Range<Int>], context: PlanContext
  ) -> [Int] {
    // Attention is never negative, but a file may say so.
    let scores = windows.map { max(0, score(attention[$0], features.rows($0), context)) }
    let total = scores.reduce(0, +) + 1e-6
    let weights = scores.map { $0 / total }
    var counts = weights.map { Int(($0 * Double(count)).rounded(.down)) }
    for window in Ranking.top(max(0, count - counts.reduce(0, +)), of: weights) { counts[window] += 1 }
    return zip(windows, counts).flatMap { window, count in
      count >= window.count
        ? Array(window) : Ranking.top(count, of: Array(attention[window])).map { $0 + window.lowerBound }
    }
  }

  /// Mean of attention plus variety, the latter scaled to the former: in effect proportional to the mean attention.
  private static func score(
    _ attention: ArraySlice<Double>, _ features: Matrix, _ context: PlanContext
  ) -> Double {
    let size = features.rows
    let mean = attention.reduce(0, +) / Double(size)
    guard size > 1 else { return mean }
    let directions = ExactSimilarity.directions(of: features, epsilon: 1e-6, workers: context.workers)
    var similarity = ExactSimilarity.products(of: directions, workers: context.workers)
    for token in 0..<size { similarity[token, token] = 0 }
    let others = Double(size - 1)
    let variety = (0..<size).map { token in
      let row = similarity.row(token)
      let mean = row.reduce(0, +) / others
      return row.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / others
    }
    let scaled = attention.map { attentionWeight * $0 }
    let factor =
      varietyWeight * scaled.reduce(0) { $0 + abs($1) } / Double(size)
      / (variety.reduce(0) { $0 + abs($1) } / Double(size) + 1e-6)
    return zip(scaled, variety).reduce(0) { $0 + $1.0 + factor * $1.1 } / Double(size)
  }
}
