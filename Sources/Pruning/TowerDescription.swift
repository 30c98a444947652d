import Basics

/// What a strategy may know about the vision tower before anything is computed: enough to resolve defaults and negative
/// layers, and to refuse an unsuitable tower. What differs from picture to picture is in `PictureDescription`.
public struct TowerDescription: Sendable, Hashable {
  /// Number of blocks; layers are 0-based, 0 ..< depth.
  public let depth: Int
  /// The 0-based block whose output the family projects (CLIP-L in LLaVA: 22 of 24).
  public let featureLayer: Int
  /// Whether position 0 of the sequence is a class token.
  public let hasClassToken: Bool
  /// Patches that the model merges into one sent token (Qwen: 2×2); 1×1 elsewhere.
  public let merge: Grid
  /// Blocks whose attention sees the whole view; nil when all do.
  public let fullAttentionLayers: [Int]?

  public init(
    depth: Int, featureLayer: Int, hasClassToken: Bool, merge: Grid = Grid(rows: 1, columns: 1),
    fullAttentionLayers: [Int]? = nil
  ) {
    precondition(depth > 0 && (0..<depth).contains(featureLayer), "the feature layer is one of the blocks")
    self.depth = depth
    self.featureLayer = featureLayer
    self.hasClassToken = hasClassToken
    self.merge = merge
    self.fullAttentionLayers = fullAttentionLayers
  }

  /// Sent tokens of a view of `patches`, after merging.
  public func merged(_ patches: Grid) -> Grid {
    Grid(rows: patches.rows / merge.rows, columns: patches.columns / merge.columns)
  }

  /// Blocks that can merge rows: those from the first to the feature layer, which always run.
  public var reducingBlocks: Int { featureLayer + 1 }

  /// Whether tokens are merge groups (Qwen types, whose rules differ in METHODS: `round`, released registers).
  public var mergesPatches: Bool { merge.count > 1 }

  /// The 0-based layer that `layer` names, negative ones counting from the end; nil when there is no such block.
  public func resolve(layer: Int) -> Int? {
    let resolved = layer < 0 ? depth + layer : layer
    return (0..<depth).contains(resolved) ? resolved : nil
  }
}
