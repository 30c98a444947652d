import Basics
import Kernels

/// The thumbnail guides how much of each crop is kept and which tokens.
/// "Compression with Global Guidance: Towards Training-free High-Resolution MLLMs Acceleration" (GlobalCom²).
struct GlobalCom2: PruningStrategy {
  enum Thumbnail: String, CaseIterable { case score, raster }
  enum Newlines: String, CaseIterable { case all, kept }
  /// From which cells a crop's tokens are sent if there is padding: the released code counts cells without the padding.
  enum Placement: String, CaseIterable { case released, grid }

  static let name = "globalcom2"
  static let summary = "the thumbnail guides each crop's share and choice (GlobalCom2, arXiv 2501.05179)"
  static let paper: Paper? = Paper(
    "Compression with Global Guidance: Towards Training-free High-Resolution MLLMs Acceleration",
    arXiv: "2501.05179")
  static let options = [
    tauOption.description, thumbnailOption.description, newlinesOption.description, placementOption.description,
  ]

  private static let tauOption = StrategyOption.number(
    "tau", default: 10, in: 0.001...1_000_000, "temperature of the crops' shares")
  private static let thumbnailOption = StrategyOption.choice(
    "thumbnail", default: Thumbnail.score, "order of the thumbnail's tokens", released: .score, corrected: .raster)
  private static let newlinesOption = StrategyOption.choice(
    "newlines", default: Newlines.all, "a newline after every row, or only after rows with tokens")
  private static let placementOption = StrategyOption.choice(
    "placement", default: Placement.released, "the cells from which a crop's tokens are sent", released: .released,
    corrected: .grid)

  private let tau: Double
  private let thumbnail: Thumbnail
  private let newlines: Newlines
  private let placement: Placement

  init(options: inout StrategyOptions) throws(PruningError) {
    tau = try options.value(Self.tauOption)
    thumbnail = try options.value(Self.thumbnailOption)
    newlines = try options.value(Self.newlinesOption)
    placement = try options.value(Self.placementOption)
  }

  /// The last block's logits, or the features where there is no class token (the paper's rule for SigLIP).
  func evidence(on tower: TowerDescription) -> Evidence {
    tower.hasClassToken ? [.classLogits(layer: tower.depth - 1)] : [.features]
  }

  var readsGrid: Bool { true }

  func resolved(on tower: TowerDescription) -> StrategySpec {
    StrategySpec(
      name: Self.name,
      options: [
        "tau": spelled(tau), "thumbnail": thumbnail.rawValue, "newlines": newlines.rawValue,
        "placement": placement.rawValue,
      ])
  }

  func plan(
    _ image: EncodedImage, question: QuestionEvidence, keeping budget: Budget, in context: inout PlanContext
  ) throws(PruningError) -> ImagePlan {
    let picture = image.picture
    let ratio = budget.keepRatio(of: picture.visualTokens)
    let shares = picture.tokens.map { Int(Double($0) * ratio) }
    guard shares[0] > 0 else {
      throw .budgetTooSmall(budget, smallest: (picture.visualTokens - 1) / picture.tokens[0] + 1, views: shares.count)
    }

    var scores: [[Double]] = []
    for index in image.views.indices { scores.append(try Self.scores(of: ViewInput(image: image, index: index))) }

    let limit = Int((ratio * Double(picture.visualTokens)).rounded(.up))
    guard case .thumbnailAndCrops(let crops) = picture.layout else {
      // No view of a video shows all of it, so each frame is treated like a thumbnail.
      let plans = zip(scores, shares).map { plain($0, keeping: $1) }
      return try ImagePlan(arranging: plans, of: picture, limit: limit, scores: scores)
    }
    let guidance = CropGuidance(crops: crops, grid: picture.grids[0], imageSize: picture.imageSize)
    let chosen = choose(by: guidance, scores: scores, ratio: ratio)
    return try ImagePlan(
      views: [plain(scores[0], keeping: shares[0])] + chosen.map { ViewPlan(keeping: $0.tokens) },
      sequence: (0..<shares[0]).map { .row(view: 0, row: $0) } + arrange(chosen, by: guidance),
      tokens: picture.tokens, limit: limit, scores: scores)
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
    var rows = [[(column: Int, item: SequenceItem)]](repeating: [], count: guidance.raster.rows.count)
    for (crop, choice) in choices.enumerated() {
      for (row, cell) in choice.cells.enumerated() {
        let place = guidance.raster.place(of: cell, inCrop: crop)
        rows[place.row].append((place.column, .row(view: crop + 1, row: row)))
      }
    }
    return rows.flatMap { row in
      let items = row.sorted { $0.column < $1.column }.map(\.item)
      return newlines == .all || !items.isEmpty ? items + [.separator] : []
    }
  }

  private static func normalised(_ values: [Double]) -> [Double] {
    let length = values.reduce(0) { $0 + $1 * $1 }.squareRoot()
    return length > 0 ? values.map { $0 / length } : values
  }
}
