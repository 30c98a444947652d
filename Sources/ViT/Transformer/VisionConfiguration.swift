import Basics
import Kernels

/// The shape of a vision transformer: what the shared encoder needs to know, whatever family it comes from.
public struct VisionConfiguration: Sendable, Hashable {
  /// Pixels on a side of the square input.
  public var imageSize: Int
  /// Pixels on a side of a patch; a remainder of the input at the right and bottom is ignored.
  public var patchSize: Int
  public var width: Int
  /// Number of blocks.
  public var depth: Int
  public var heads: Int
  public var feedForwardWidth: Int
  public var activation: Activation
  public var normEpsilon: Float
  /// Positions before the patches: the class token, and DeiT's distillation token after it.
  public var prefixTokens: Int
  /// CLIP normalises once before the first block.
  public var normalisesInput: Bool
  public var patchBias: Bool

  public init(
    imageSize: Int, patchSize: Int, width: Int, depth: Int, heads: Int, feedForwardWidth: Int, activation: Activation,
    normEpsilon: Float, prefixTokens: Int, normalisesInput: Bool, patchBias: Bool
  ) {
    precondition(depth > 0 && heads > 0 && width % heads == 0, "heads divide the width of at least one block")
    precondition(patchSize > 0 && imageSize >= patchSize, "an input holds at least one patch")
    self.imageSize = imageSize
    self.patchSize = patchSize
    self.width = width
    self.depth = depth
    self.heads = heads
    self.feedForwardWidth = feedForwardWidth
    self.activation = activation
    self.normEpsilon = normEpsilon
    self.prefixTokens = prefixTokens
    self.normalisesInput = normalisesInput
    self.patchBias = patchBias
  }

  /// Patches of one view.
  public var grid: Grid { Grid(rows: imageSize / patchSize, columns: imageSize / patchSize) }
  /// Sequence length: prefix and patches.
  public var tokens: Int { prefixTokens + grid.count }
  public var headWidth: Int { width / heads }
}
