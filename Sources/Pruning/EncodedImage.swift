import Kernels

/// Column and row means of a head-mean patch–patch block, in double: what each patch receives and what it gives.
public struct PatchMeans: Sendable, Hashable {
  /// c_j = mean over patch queries i: [tokens].
  public var received: [Double]
  /// r_i = mean over patch keys j: [tokens].
  public var given: [Double]

  public init(received: [Double], given: [Double]) {
    precondition(received.count == given.count, "one received and one given mean a token")
    self.received = received
    self.given = given
  }
}

/// What was measured on one view. A quantity that nobody asked for is absent.
public struct ViewEvidence: Sendable {
  /// By layer: [heads, tokens].
  public var classAttention: [Int: Matrix] = [:]
  /// By layer: [heads, tokens].
  public var classLogits: [Int: Matrix] = [:]
  /// Column sums of the head-mean map, by layer, over all queries: [tokens].
  public var receivedFromAll: [Int: [Double]] = [:]
  /// Column sums of the head-mean map, by layer, over patch queries: [tokens].
  public var receivedFromPatches: [Int: [Double]] = [:]
  /// By layer, after softmax.
  public var patchMeans: [Int: PatchMeans] = [:]
  /// By layer, of the scaled logits.
  public var patchLogitMeans: [Int: PatchMeans] = [:]
  /// By layer: [tokens, heads × headWidth].
  public var keys: [Int: Matrix] = [:]
  /// [tokens, width].
  public var features: Matrix?
  /// [tokens, decoder width].
  public var projected: Matrix?
  /// [tokens, text width]: rows in the space of `EncodedImage.text`.
  public var textSpace: Matrix?

  public init() {}
}

/// How views lie in the picture: view 0 alone, a thumbnail (view 0) followed by crops, row by row, or the frames of a video.
public enum ViewLayout: Sendable, Hashable {
  case single
  case thumbnailAndCrops(PatchGrid)
  /// So many, in order of time.
  case frames(Int)

  public var views: Int {
    switch self {
    case .single: 1
    case .thumbnailAndCrops(let crops): 1 + crops.count
    case .frames(let count): count
    }
  }
}

/// How the rows of several views become one sequence.
public enum ViewPacking: String, Sendable, Hashable, CaseIterable {
  /// Views in order; crops in the raster of their grid, padding included and without separators, as FasterVLM and HiPrune
  /// send them.
  case spatial
  /// LLaVA-NeXT's own: padding is left out, and a separator ends each row of the crops' raster.
  case unpadded
  /// Each view behind its class token: Video-LLaVA's frames before pruning.
  case classTokens
}

/// One image as strategies see it: the tower that encoded it, how its views lie, and the evidence asked for.
public struct EncodedImage: Sendable {
  public let tower: TowerDescription
  public let layout: ViewLayout
  /// Width and height in pixels of the original picture.
  public let imageSize: ImageSize
  /// Identifies the picture's content: `random` mixes it with its seed, so that pictures do not all lose the same places.
  public let digest: UInt64
  /// One entry a view.
  public let views: [ViewEvidence]
  /// Text embeddings [texts, width], when text was asked for.
  public let text: Matrix?
  /// How the family sends everything.
  public let unprunedPacking: ViewPacking
  /// How strategies that treat each view alone send what they keep: `spatial` or `unpadded`.
  public let prunedPacking: ViewPacking

  public init(
    tower: TowerDescription, layout: ViewLayout, imageSize: ImageSize, digest: UInt64, views: [ViewEvidence],
    text: Matrix? = nil, unprunedPacking: ViewPacking = .spatial, prunedPacking: ViewPacking = .spatial
  ) {
    precondition(views.count == layout.views, "one evidence entry a view")
    self.tower = tower
    self.layout = layout
    self.imageSize = imageSize
    self.digest = digest
    self.views = views
    self.text = text
    self.unprunedPacking = unprunedPacking
    self.prunedPacking = prunedPacking
  }

  /// Sent tokens of one view before pruning.
  public var tokensPerView: Int { tower.grid.count }
  /// Sent tokens of all views before pruning, separators not counted.
  public var visualTokens: Int { tokensPerView * views.count }
}

/// Width and height in pixels.
public struct ImageSize: Sendable, Hashable {
  public let width: Int
  public let height: Int

  public init(width: Int, height: Int) {
    self.width = width
    self.height = height
  }
}
