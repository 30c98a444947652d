import Kernels
import Pruning

/// What is sent of one picture: connected rows, and where they stood before pruning.
public struct VisualRows: Sendable {
  public let plan: ImagePlan
  /// [rows, decoder width], in the order of the sequence.
  public let rows: Matrix
  /// Each row's place in the picture's unpruned sequence.
  public let originalPlaces: [Int]
  /// Length of the unpruned sequence.
  public let unprunedLength: Int

  /// Visual tokens before pruning; separators and a class token that is always sent are not counted.
  public var total: Int { plan.tokens.reduce(0, +) }
  /// Visual tokens kept, counted likewise.
  public var kept: Int { plan.keptTokens }
}
