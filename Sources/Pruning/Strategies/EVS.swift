import Kernels

/// The first frame of a video, and the cells that changed most since the frame before.
/// "Efficient Video Sampling: Pruning Temporally Redundant Tokens for Faster VLM Inference" (EVS).
///
/// A cell's change is 1 − cosine of its projected rows in two frames that follow each other. The budget is for the
/// whole clip, and one below a frame is raised to it: the first frame is always whole.
struct EVS: PruningStrategy {
  static let name = "evs"
  static let summary = "a video's first frame, and the cells that changed most (EVS, arXiv 2510.14624)"
  static let paper: Paper? = Paper(
    "Efficient Video Sampling: Pruning Temporally Redundant Tokens for Faster VLM Inference", arXiv: "2510.14624")
  static let comparesFrames = true

  /// The released change of the first frame's cells: more than any cosine gives.
  private static let firstFrame = 255.0
  /// The smallest length that a row is divided by.
  private static let epsilon = 1e-8

  init(options: inout StrategyOptions) throws(PruningError) {}

  func evidence(on tower: TowerDescription) -> Evidence { [.projected] }

  func evidence(for picture: PictureDescription) throws(PruningError) -> Evidence {
    try Self.check(picture)
    return evidence(on: picture.tower)
  }

  /// Cells are compared with the same cell of the frame before, so that frames must have one grid.
  private static func check(_ picture: PictureDescription) throws(PruningError) {
    guard case .frames = picture.layout, Set(picture.grids).count == 1 else { throw .needsFrames(strategy: name) }
  }

  func resolved(on tower: TowerDescription) -> StrategySpec { StrategySpec(name: Self.name, options: []) }

  func plan(
    _ image: EncodedImage, question: QuestionEvidence, keeping budget: Budget, in context: inout PlanContext
  ) throws(PruningError) -> ImagePlan {
    let picture = image.picture
    try Self.check(picture)
    let (total, cells) = (picture.visualTokens, picture.tokens[0])
    var changes = [Double](repeating: Self.firstFrame, count: cells)
    var before = try ViewInput(image: image, index: 0).projected()
    for frame in 1..<picture.layout.views {
      let rows = try ViewInput(image: image, index: frame).projected()
      guard rows.columns == before.columns else {
        throw .malformedEvidence(
          .projected, view: frame, expected: "\(cells) × \(before.columns)", found: "\(rows.rows) × \(rows.columns)")
      }
      changes += (0..<cells).map { Self.change(before.row($0), rows.row($0)) }
      before = rows
    }
    let kept = Ranking.top(max(cells, try budget.rows(of: total)), of: changes)
    var tokens = [[Int]](repeating: [], count: picture.layout.views)
    for number in kept.sorted() { tokens[number / cells].append(number % cells) }
    return try ImagePlan(
      arranging: tokens.map { ViewPlan(keeping: $0) }, of: picture, limit: total, count: .adaptive,
      scores: tokens.indices.map { Array(changes[$0 * cells..<($0 + 1) * cells]) })
  }

  private static func change(_ first: ArraySlice<Float>, _ second: ArraySlice<Float>) -> Double {
    var (product, square, other) = (0.0, 0.0, 0.0)
    for (a, b) in zip(first, second) {
      product += Double(a) * Double(b)
      square += Double(a) * Double(a)
      other += Double(b) * Double(b)
    }
    return 1 - product / (max(square.squareRoot(), epsilon) * max(other.squareRoot(), epsilon))
  }
}
