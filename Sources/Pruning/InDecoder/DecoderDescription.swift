import Kernels

/// What a method inside the decoder may know of it before anything is computed.
public struct DecoderDescription: Sendable, Hashable {
  /// Number of blocks.
  public let depth: Int
  /// Query heads.
  public let heads: Int
  /// The rotation's frequencies, [headWidth / 2].
  public let frequencies: [Double]
  /// The number of a position that each frequency multiplies.
  public let axes: [Position.Axis]

  /// - Parameter axes: nil: the temporal one everywhere.
  public init(depth: Int, heads: Int, frequencies: [Double], axes: [Position.Axis]? = nil) {
    let axes = axes ?? frequencies.map { _ in .temporal }
    precondition(depth > 0 && heads > 0 && axes.count == frequencies.count, "a decoder has blocks and heads")
    self.depth = depth
    self.heads = heads
    self.frequencies = frequencies
    self.axes = axes
  }
}
