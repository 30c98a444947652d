import Basics

/// How views lie in the picture: view 0 alone, a thumbnail (view 0) followed by crops, row by row, or the frames of a
/// video.
public enum ViewLayout: Sendable, Hashable {
  case single
  case thumbnailAndCrops(Grid)
  /// This many frames, in order of time.
  case frames(Int)

  public var views: Int {
    switch self {
    case .single: 1
    case .thumbnailAndCrops(let crops): 1 + crops.count
    case .frames(let count): count
    }
  }
}

/// One picture before it is encoded: its views, each with a grid of its own, and how their rows become one sequence.
public struct PictureDescription: Sendable, Hashable {
  public let tower: TowerDescription
  public let layout: ViewLayout
  /// Patches of each view before merging.
  public let patchGrids: [Grid]
  /// Width and height in pixels of the original picture.
  public let imageSize: PixelSize
  /// Identifies the picture's content: `random` mixes it with its seed, so that pictures do not all lose tokens in the
  /// same places.
  public let digest: UInt64
  /// How the family sends a picture unpruned.
  public let unpruned: Arrangement
  /// How strategies that treat each view alone send what they keep.
  public let pruned: Arrangement

  public init(
    tower: TowerDescription, layout: ViewLayout, patchGrids: [Grid], imageSize: PixelSize, digest: UInt64,
    unpruned: Arrangement, pruned: Arrangement
  ) {
    precondition(patchGrids.count == layout.views, "one grid a view")
    precondition(
      patchGrids.allSatisfy { $0.rows % tower.merge.rows == 0 && $0.columns % tower.merge.columns == 0 },
      "merge groups tile every view's patches")
    self.tower = tower
    self.layout = layout
    self.patchGrids = patchGrids
    self.imageSize = imageSize
    self.digest = digest
    self.unpruned = unpruned
    self.pruned = pruned
  }

  /// Sent tokens of each view before pruning, after merging.
  public var grids: [Grid] { patchGrids.map(tower.merged) }
  /// Sent tokens of each view before pruning.
  public var tokens: [Int] { grids.map(\.count) }
  /// Sent tokens of all views before pruning, separators and class tokens not counted.
  public var visualTokens: Int { tokens.reduce(0, +) }

  /// Values of a view's patches in raster order, from the order of the tower: merge groups in raster order, a group's
  /// members side by side.
  public func inRaster<Value>(_ values: [Value], view: Int) -> [Value] {
    let (grid, merge) = (patchGrids[view], tower.merge)
    guard merge.count > 1 else { return values }
    return (0..<grid.count).map { place in
      let (row, column) = (place / grid.columns, place % grid.columns)
      let group = row / merge.rows * (grid.columns / merge.columns) + column / merge.columns
      return values[group * merge.count + row % merge.rows * merge.columns + column % merge.columns]
    }
  }

  /// The same picture, sent in other arrangements.
  public func arranged(unpruned: Arrangement, pruned: Arrangement) -> PictureDescription {
    PictureDescription(
      tower: tower, layout: layout, patchGrids: patchGrids, imageSize: imageSize, digest: digest, unpruned: unpruned,
      pruned: pruned)
  }
}

/// One image as strategies see it: the picture, and the requested evidence, one entry per view.
public struct EncodedImage: Sendable {
  public let picture: PictureDescription
  public let views: [ViewEvidence]
  /// What belongs to no view.
  public let shared: SharedEvidence

  public init(_ picture: PictureDescription, views: [ViewEvidence], shared: SharedEvidence = SharedEvidence()) {
    precondition(views.count == picture.layout.views, "one evidence entry a view")
    self.picture = picture
    self.views = views
    self.shared = shared
  }

  public var tower: TowerDescription { picture.tower }
}
