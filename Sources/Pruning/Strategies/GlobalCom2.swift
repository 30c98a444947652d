import Kernels

/// The thumbnail guides how much of each crop is kept and which tokens.
/// "Compression with Global Guidance: Towards Training-free High-Resolution MLLMs Acceleration" (GlobalCom²).
struct GlobalCom2: PruningStrategy {
  enum Thumbnail: String, CaseIterable { case score, raster }
  enum Newlines: String, CaseIterable { case all, kept }
  /// Where a crop's tokens are sent from when there is padding: the released code counts cells without the padding.
  enum Placement: String, CaseIterable { case released, grid }

  static let name = "globalcom2"
  static let summary = "the thumbnail guides each crop's share and choice (GlobalCom2, arXiv 2501.05179)"

  private let tau: Double
  private let thumbnail: Thumbnail
  private let newlines: Newlines
  private let placement: Placement

  init(options: inout StrategyOptions) throws(PruningError) {
    tau = try options.number("tau", default: 10, in: 0.001...1_000_000)
    thumbnail = try options.choice("thumbnail", of: Thumbnail.self) ?? .score
    newlines = try options.choice("newlines", of: Newlines.self) ?? .all
    placement = try options.choice("placement", of: Placement.self) ?? .released
  }

  /// The last block's logits, or the features where there is no class token (the paper's rule for SigLIP).
  func evidence(on tower: TowerDescription) -> Evidence {
    tower.hasClassToken ? [.classLogits(layer: tower.depth - 1)] : [.features]
  }

  func resolved(on tower: TowerDescription) -> StrategySpec {
    StrategySpec(
      name: Self.name,
      options: [
        "tau": spelled(tau), "thumbnail": thumbnail.rawValue, "newlines": newlines.rawValue,
        "placement": placement.rawValue,
      ])
  }

  func plan(_ image: EncodedImage, keeping budget: Budget, using random: inout SeededGenerator) throws(PruningError)
    -> ImagePlan
  {
    let ratio = budget.keepRatio(of: image.visualTokens)
    let views = image.views.count
    let first = Int(Double(image.tokensPerView) * ratio)
    guard first > 0 else { throw .budgetTooSmall(budget, smallest: views, views: views) }

    var scores: [[Double]] = []
    for index in image.views.indices { scores.append(try Self.scores(of: ViewInput(image: image, index: index))) }

    var plans = [plain(scores[0], keeping: first)]
    var sequence = (0..<first).map { SequenceItem.row(view: 0, row: $0) }
    switch image.layout {
    case .single: break
    case .thumbnailAndCrops(let crops):
      let guidance = CropGuidance(crops: crops, grid: image.tower.grid, imageSize: image.imageSize)
      let chosen = choose(by: guidance, scores: scores, ratio: ratio)
      plans += chosen.map { ViewPlan(keeping: $0.tokens) }
      sequence += arrange(chosen, by: guidance)
    case .frames(let count):
      // No view of a video shows the whole of it: each frame is chosen from like a thumbnail.
      plans += scores.dropFirst().map { plain($0, keeping: first) }
      sequence = (0..<count).flatMap { view in (0..<first).map { .row(view: view, row: $0) } }
    }
    return try ImagePlan(
      views: plans, sequence: sequence, tokensPerView: image.tokensPerView,
      limit: Int((ratio * Double(image.visualTokens)).rounded(.up)), scores: scores)
  }

  /// The thumbnail's rule: the best tokens, best first.
  private func plain(_ scores: [Double], keeping count: Int) -> ViewPlan {
    let best = Ranking.top(count, of: scores)
    return ViewPlan(keeping: thumbnail == .score ? best : best.sorted())
  }

  /// Head mean of the class token's logits; without a class token, how little a token is like the view's mean.
  private static func scores(of view: ViewInput) throws(PruningError) -> [Double] {
    guard view.tower.hasClassToken else {
      let features = try view.features()
      return features.cosines(with: features.columnMeans()).map { -$0 }
    }
    return try view.classLogits(layer: view.tower.depth - 1).columnMeans()
  }

  /// What one crop keeps.
  struct Choice {
    /// Kept tokens, ascending.
    var tokens: [Int] = []
    /// The cells of the crop from which they are sent.
    var cells: [Int] = []
  }

  private func choose(by guidance: CropGuidance, scores: [[Double]], ratio: Double) -> [Choice] {
    let ratios = guidance.ratios(thumbnail: scores[0], keeping: ratio, tau: tau)
    let resized = guidance.resized(thumbnail: scores[0])
    return (0..<guidance.crops.count).map { crop in
      let valid = guidance.validTokens(ofCrop: crop)
      let local = Self.normalised(valid.map { scores[crop + 1][$0] })
      let global = Self.normalised(valid.map { resized[guidance.validPlace(of: $0, inCrop: crop)] })
      let kept = Int(Double(valid.count) * ratios[crop])
      let ranks = Ranking.top(kept, of: zip(local, global).map(+)).sorted()
      let tokens = ranks.map { valid[$0] }
      return Choice(tokens: tokens, cells: placement == .released ? ranks : tokens)
    }
  }

  /// The crop grid's raster with a newline after each row, padding included.
  private func arrange(_ choices: [Choice], by guidance: CropGuidance) -> [SequenceItem] {
    let width = guidance.crops.columns * guidance.grid.columns
    var rows = [[(place: Int, item: SequenceItem)]](
      repeating: [], count: guidance.crops.rows * guidance.grid.rows)
    for (crop, choice) in choices.enumerated() {
      for (row, cell) in choice.cells.enumerated() {
        let place = guidance.crops.place(of: cell, inCrop: crop, grid: guidance.grid)
        rows[place / width].append((place, .row(view: crop + 1, row: row)))
      }
    }
    return rows.flatMap { row in
      let items = row.sorted { $0.place < $1.place }.map(\.item)
      return newlines == .all || !items.isEmpty ? items + [.separator] : []
    }
  }

  private static func normalised(_ values: [Double]) -> [Double] {
    let length = values.reduce(0) { $0 + $1 * $1 }.squareRoot()
    return length > 0 ? values.map { $0 / length } : values
  }
}
