import Basics
import Kernels

@testable import Pruning

/// Images for tests, made of what a test says and nothing else.
enum Samples {
  static func description(
    depth: Int = 8, featureLayer: Int? = nil, classToken: Bool = true, merge: Int = 1, full: [Int]? = nil
  ) -> TowerDescription {
    TowerDescription(
      depth: depth, featureLayer: featureLayer ?? (merge > 1 ? depth - 1 : depth - 2), hasClassToken: classToken,
      merge: Grid(rows: merge, columns: merge), fullAttentionLayers: full)
  }

  static func tower(
    _ rows: Int = 4, _ columns: Int = 6, depth: Int = 8, featureLayer: Int? = nil, classToken: Bool = true,
    merge: Int = 1, full: [Int]? = nil
  ) -> SampleTower {
    SampleTower(
      description: description(
        depth: depth, featureLayer: featureLayer, classToken: classToken, merge: merge, full: full),
      patchGrid: Grid(rows: rows * merge, columns: columns * merge))
  }

  /// A picture whose views all have the tower's grid, sent without separators.
  static func picture(
    _ tower: SampleTower = tower(), layout: ViewLayout = .single, size: PixelSize = PixelSize(width: 96, height: 64),
    digest: UInt64 = 7, unpruned: Arrangement? = nil, pruned: Arrangement? = nil
  ) -> PictureDescription {
    let plain: Arrangement
    if case .thumbnailAndCrops(let crops) = layout {
      plain = .thumbnailAndRaster(of: crops, grid: tower.grid)
    } else {
      plain = .inOrder(views: layout.views)
    }
    return PictureDescription(
      tower: tower.description, layout: layout,
      patchGrids: [Grid](repeating: tower.patchGrid, count: layout.views), imageSize: size, digest: digest,
      unpruned: unpruned ?? plain, pruned: pruned ?? plain)
  }

  static func image(
    _ tower: SampleTower = tower(), crops: Grid? = nil, size: PixelSize = PixelSize(width: 96, height: 64),
    digest: UInt64 = 7, text: Matrix? = nil, fill: (inout ViewEvidence, Int) -> Void = { _, _ in }
  ) -> SampleImage {
    image(
      picture(tower, layout: crops.map { .thumbnailAndCrops($0) } ?? .single, size: size, digest: digest), text: text,
      fill: fill)
  }

  static func image(
    _ picture: PictureDescription, text: Matrix? = nil, fill: (inout ViewEvidence, Int) -> Void = { _, _ in }
  ) -> SampleImage {
    let views = (0..<picture.layout.views).map { view in
      var evidence: ViewEvidence = [:]
      fill(&evidence, view)
      return evidence
    }
    return SampleImage(
      encoded: EncodedImage(picture, views: views), question: text.map { [.embeddings: $0] } ?? [:])
  }

  /// Numbers in −1 ..< 1 that look random and never change.
  static func noise(_ count: Int, seed: UInt64) -> [Float] {
    var random = SeededGenerator(seed: seed, digest: 0)
    return (0..<count).map { _ in Float(random.next(below: 2_000_001) - 1_000_000) / 1_000_000 }
  }

  static func matrix(_ rows: Int, _ columns: Int, seed: UInt64) -> Matrix {
    Matrix(rows: rows, columns: columns, values: noise(rows * columns, seed: seed))
  }

  /// An image with class attention in every block.
  static func attentive(
    _ tower: SampleTower = tower(), crops: Grid? = nil, heads: Int = 3, seed: UInt64 = 1
  ) -> SampleImage {
    image(tower, crops: crops) { evidence, view in
      for layer in 0..<tower.depth {
        evidence.classAttention[layer] = matrix(
          heads, tower.grid.count, seed: seed &+ UInt64(view * 100 + layer))
      }
    }
  }

  /// An image in which `hiprune` reads these column sums: in its object block `early`, elsewhere `late`.
  static func received(
    early: [Double], late: [Double], on tower: SampleTower, object: Int? = nil
  ) -> SampleImage {
    image(tower) { evidence, _ in
      for layer in 0..<tower.depth { evidence.receivedFromAll[layer] = late }
      evidence.receivedFromAll[object ?? HiPrune.defaultObject(on: tower.description)] = early
    }
  }

  static func plan(
    _ spec: String, _ image: SampleImage, keep: String, seed: UInt64 = 0
  ) throws(PruningError) -> ImagePlan {
    try StrategyRunner.plan(
      try StrategyCatalogue.standard.make(parsing: spec), for: image.encoded, question: image.question,
      keeping: try Budget(parsing: keep), seed: seed)
  }

  /// What the first view keeps, in the plan's order.
  static func kept(_ spec: String, _ image: SampleImage, keep: String) throws(PruningError) -> [Int] {
    try plan(spec, image, keep: keep).views[0].anchors
  }
}

extension ImagePlan {
  /// Anchors a view.
  var kept: [[Int]] { views.map(\.anchors) }
}

/// A tower, and the grid of every view that it sees in a test.
@dynamicMemberLookup
struct SampleTower: Sendable {
  let description: TowerDescription
  let patchGrid: Grid
  var grid: Grid { description.merged(patchGrid) }

  subscript<Value>(dynamicMember member: KeyPath<TowerDescription, Value>) -> Value { description[keyPath: member] }
}

/// An image, and what is known of a question about it.
@dynamicMemberLookup
struct SampleImage: Sendable {
  let encoded: EncodedImage
  let question: QuestionEvidence

  subscript<Value>(dynamicMember member: KeyPath<EncodedImage, Value>) -> Value { encoded[keyPath: member] }
}

/// Evidence by layer, as tests write it: `evidence.classAttention[6] = …`.
struct LayerValues<Value> {
  var evidence: ViewEvidence
  let kind: (Int) -> EvidenceKind
  let wrap: (Value) -> EvidenceValue

  subscript(layer: Int) -> Value? {
    get { nil }
    set { evidence[kind(layer)] = newValue.map(wrap) }
  }
}

extension ViewEvidence {
  var classAttention: LayerValues<Matrix> {
    get { LayerValues(evidence: self, kind: { .classAttention(layer: $0) }, wrap: { .matrix($0) }) }
    set { self = newValue.evidence }
  }
  var classLogits: LayerValues<Matrix> {
    get { LayerValues(evidence: self, kind: { .classLogits(layer: $0) }, wrap: { .matrix($0) }) }
    set { self = newValue.evidence }
  }
  var receivedFromAll: LayerValues<[Double]> {
    get {
      LayerValues(evidence: self, kind: { .attentionReceived(layer: $0, queries: .all) }, wrap: { .vector($0) })
    }
    set { self = newValue.evidence }
  }
  var patchLogitMeans: LayerValues<PatchMeans> {
    get { LayerValues(evidence: self, kind: { .patchMeans(layer: $0, scale: .logits) }, wrap: { .means($0) }) }
    set { self = newValue.evidence }
  }
  var patchMeans: LayerValues<PatchMeans> {
    get { LayerValues(evidence: self, kind: { .patchMeans(layer: $0, scale: .softmax) }, wrap: { .means($0) }) }
    set { self = newValue.evidence }
  }
}
