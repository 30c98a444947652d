import Kernels

@testable import Pruning

/// Images for tests, made of what a test says and nothing else.
enum Samples {
  static func tower(
    _ rows: Int = 4, _ columns: Int = 6, depth: Int = 8, featureLayer: Int? = nil, classToken: Bool = true,
    merge: Int = 1, full: [Int]? = nil
  ) -> TowerDescription {
    TowerDescription(
      depth: depth, featureLayer: featureLayer ?? (merge > 1 ? depth - 1 : depth - 2), hasClassToken: classToken,
      patchGrid: PatchGrid(rows: rows * merge, columns: columns * merge), merge: PatchGrid(rows: merge, columns: merge),
      fullAttentionLayers: full)
  }

  static func image(
    _ tower: TowerDescription = tower(), crops: PatchGrid? = nil, size: ImageSize = ImageSize(width: 96, height: 64),
    digest: UInt64 = 7, text: Matrix? = nil, fill: (inout ViewEvidence, Int) -> Void = { _, _ in }
  ) -> EncodedImage {
    let layout = crops.map { ViewLayout.thumbnailAndCrops($0) } ?? .single
    let views = (0..<layout.views).map { view in
      var evidence = ViewEvidence()
      fill(&evidence, view)
      return evidence
    }
    return EncodedImage(
      tower: tower, layout: layout, imageSize: size, digest: digest, views: views, text: text)
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
    _ tower: TowerDescription = tower(), crops: PatchGrid? = nil, heads: Int = 3, seed: UInt64 = 1
  ) -> EncodedImage {
    image(tower, crops: crops) { evidence, view in
      for layer in 0..<tower.depth {
        evidence.classAttention[layer] = matrix(
          heads, tower.grid.count, seed: seed &+ UInt64(view * 100 + layer))
      }
    }
  }

  /// An image in which `hiprune` reads these column sums: in its object block `early`, elsewhere `late`.
  static func received(
    early: [Double], late: [Double], on tower: TowerDescription, object: Int? = nil
  ) -> EncodedImage {
    image(tower) { evidence, _ in
      for layer in 0..<tower.depth { evidence.receivedFromAll[layer] = late }
      evidence.receivedFromAll[object ?? HiPrune.defaultObject(on: tower)] = early
    }
  }

  static func plan(
    _ spec: String, _ image: EncodedImage, keep: String, seed: UInt64 = 0
  ) throws(PruningError) -> ImagePlan {
    try StrategyRunner.plan(
      try StrategyCatalogue.make(parsing: spec), for: image, keeping: try Budget(parsing: keep), seed: seed)
  }

  /// What the first view keeps, in the plan's order.
  static func kept(_ spec: String, _ image: EncodedImage, keep: String) throws(PruningError) -> [Int] {
    try plan(spec, image, keep: keep).views[0].anchors
  }
}

extension ImagePlan {
  /// Anchors a view.
  var kept: [[Int]] { views.map(\.anchors) }
}
