import Basics

/// Where a method was published.
public struct Paper: Sendable, Hashable, Encodable {
  public let title: String
  /// Its number there: "2412.01818".
  public let arxiv: String
  /// The conference, with the year; nil: a preprint.
  public let venue: String?

  public init(_ title: String, arXiv: String, venue: String? = nil) {
    self.title = title
    arxiv = arXiv
    self.venue = venue
  }
}

/// Where a method drops tokens.
public enum PruningPlace: String, Sendable, Hashable, Encodable, CaseIterable {
  case beforeTower = "before the tower"
  case insideTower = "inside the tower"
  case beforeDecoder = "between tower and decoder"
  case insideDecoder = "inside the decoder"
}

/// All that a method declares about itself, for listings and documentation.
public struct MethodDescription: Sendable {
  public let name: String
  public let summary: String
  /// Nil for baselines.
  public let paper: Paper?
  public let place: PruningPlace
  /// What it is decided by, with its default options.
  public let reads: [Reading]
  /// Whether it finds its own number of tokens where no budget is given.
  public let findsOwnBudget: Bool
  /// In the order of the canonical spec.
  public let options: [OptionDescription]

  /// What is read on one kind of towers.
  public struct Reading: Sendable, Hashable, Encodable {
    /// The kind, with an example; nil: whatever the tower.
    public let tower: String?
    /// Sorted.
    public let quantities: [String]
  }
}

extension MethodDescription {
  init(_ type: any PruningStrategy.Type, in catalogue: StrategyCatalogue) {
    name = type.name
    summary = type.summary
    paper = type.paper
    place = type.place
    reads = Self.readings(of: type, in: catalogue)
    findsOwnBudget = type.findsOwnBudget
    options = type.options
  }

  init(_ type: any DecoderPruning.Type) {
    name = type.name
    summary = type.summary
    paper = type.paper
    place = .insideDecoder
    reads = [Reading(tower: nil, quantities: type.reads)]
    findsOwnBudget = false
    options = type.options
  }

  private static func readings(
    of type: any PruningStrategy.Type, in catalogue: StrategyCatalogue
  ) -> [Reading] {
    if type is any BeforeEncoderPruning.Type { return [Reading(tower: nil, quantities: ["pixels"])] }
    guard let strategy = try? catalogue.make(parsing: type.name) else { return [] }
    let readings = Example.all.compactMap { example -> Reading? in
      guard type.obstacle(hasClassToken: example.tower.hasClassToken) == nil,
        let evidence = try? strategy.evidence(for: example.picture)
      else { return nil }
      return Reading(tower: example.name, quantities: evidence.quantities)
    }
    // What is the same on all towers is said once.
    if let first = readings.first, readings.count == Example.all.count,
      readings.allSatisfy({ $0.quantities == first.quantities })
    {
      return [Reading(tower: nil, quantities: first.quantities)]
    }
    return readings
  }
}

extension Evidence {
  /// In words, sorted.
  public var quantities: [String] {
    let all =
      kinds.map(\.description) + question.map { "the question: \($0)" } + shared.map(\.description)
    return all.sorted()
  }
}

/// Pictures for which a method says what it reads.
private struct Example {
  let name: String
  let tower: TowerDescription
  let layout: ViewLayout
  let grid: Grid

  static let all = [
    Example(
      name: "CLIP types, one view (CLIP-L/14-336 in LLaVA-1.5)", tower: clip, layout: .single,
      grid: Grid(rows: 24, columns: 24)),
    Example(
      name: "CLIP types, thumbnail and crops (LLaVA-NeXT)", tower: clip,
      layout: .thumbnailAndCrops(Grid(rows: 2, columns: 2)), grid: Grid(rows: 24, columns: 24)),
    Example(
      name: "towers that merge patches (Qwen2.5-VL)",
      tower: TowerDescription(
        depth: 32, featureLayer: 31, hasClassToken: false, merge: Grid(rows: 2, columns: 2),
        fullAttentionLayers: [7, 15, 23, 31]), layout: .single, grid: Grid(rows: 48, columns: 48)),
  ]

  private static let clip = TowerDescription(depth: 24, featureLayer: 22, hasClassToken: true)

  var picture: PictureDescription {
    let arrangement = Arrangement.inOrder(views: layout.views)
    return PictureDescription(
      tower: tower, layout: layout, patchGrids: [Grid](repeating: grid, count: layout.views),
      imageSize: PixelSize(width: 672, height: 672), digest: 0, unpruned: arrangement, pruned: arrangement)
  }
}
