import Basics
import Kernels

/// The shape of a Qwen-VL vision tower: Qwen2-VL, Qwen2.5-VL or Qwen3-VL, which differ in norms, feed-forward layers,
/// windows and learned positions.
public struct QwenVisionConfiguration: Sendable, Hashable {
  /// What a block normalises with.
  public enum Norm: Sendable, Hashable {
    case layer
    case rms
  }

  /// Pixels on a side of a patch.
  public var patchSize: Int
  /// Frames of a patch; a picture stands for as many equal ones.
  public var temporalPatch: Int
  /// Patches on a side of a merge group, which becomes one token of the decoder.
  public var mergeSize: Int
  public var width: Int
  /// Number of blocks.
  public var depth: Int
  public var heads: Int
  public var feedForwardWidth: Int
  public var activation: Activation
  /// Of the blocks and of the merger.
  public var norm: Norm
  /// Whether feed-forward layers are gated: down(activation(gate(x)) · up(x)).
  public var isGated: Bool
  /// Merged cells on a side of an attention window; nil: every block attends to the whole view.
  public var windowCells: Int?
  /// With windows: 0-based blocks that attend to the whole view.
  public var fullAttentionBlocks: Set<Int>
  public var normEpsilon: Float
  public var rotaryTheta: Double
  /// The decoder's width, which the merger maps to.
  public var outputWidth: Int
  /// A side of the table of learned positions, which is resampled for each view; nil: no such table.
  public var positionTableSide: Int?
  /// 0-based blocks, ascending, whose outputs go to the first blocks of the decoder (DeepStack).
  public var deepStackBlocks: [Int]
  public var patchBias: Bool
  /// How the checkpoint names the tensors.
  var naming: QwenNaming

  public var headWidth: Int { width / heads }
  /// Patches of a merge group.
  public var groupSize: Int { mergeSize * mergeSize }
  /// Blocks whose outputs are merged: the last one, and those of DeepStack.
  public var levels: Int { 1 + deepStackBlocks.count }
  /// Values of a patch: channels, frames, rows, columns.
  var patchValues: Int { 3 * temporalPatch * patchSize * patchSize }

  /// Whether a block's attention sees the whole view.
  func isFull(block: Int) -> Bool { windowCells == nil || fullAttentionBlocks.contains(block) }
}

/// The names of the tensors that differ between the generations, from inside `visual`.
struct QwenNaming: Sendable, Hashable {
  /// Of a feed-forward layer that is not gated, inside a block.
  let expand: String
  let contract: String
  /// Of the merger, inside `merger` or an element of `deepstack_merger_list`.
  let mergerNorm: String
  let mergerExpand: String
  let mergerContract: String

  /// Qwen2-VL and Qwen2.5-VL.
  static let qwen2 = QwenNaming(
    expand: "mlp.fc1", contract: "mlp.fc2", mergerNorm: "ln_q", mergerExpand: "mlp.0", mergerContract: "mlp.2")

  /// Qwen3-VL.
  static let qwen3 = QwenNaming(
    expand: "mlp.linear_fc1", contract: "mlp.linear_fc2", mergerNorm: "norm", mergerExpand: "linear_fc1",
    mergerContract: "linear_fc2")
}
