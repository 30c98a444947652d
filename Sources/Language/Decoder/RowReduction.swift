import Kernels

/// Drops or merges rows of a prompt between two decoder blocks, at prefill. The decoder asks before each block; methods
/// decide, and the decoder knows none of them.
public protocol RowReduction {
  associatedtype Failure: Error
  /// Whether rows are dropped before `block` runs. Not asked for block 0.
  func isReduced(before block: Int) -> Bool
  /// Decides which rows `block` and all later ones run on.
  /// - Parameters:
  ///   - weights: softmax weights of some of the present rows, in a block of the caller's choice.
  ///   - rows: all present rows, in the form of the caller's choice.
  mutating func reduce(
    before block: Int, weights: (_ queries: [Int], _ source: AttentionSource) -> AttentionWeights,
    rows: (RowSource) -> Matrix
  ) throws(Failure) -> ReducedRows
}

/// A prompt after a prefill that dropped rows.
public struct ReducedPrefill: Sendable, Hashable {
  /// Of the first new token, [vocabulary].
  public let logits: [Float]
  /// By how much each block's positions are smaller than those of block 0: a later token has the position
  /// `position − shifts[b]` in block b.
  public let shifts: [Int]
}

/// Keeps every row.
struct NoReduction: RowReduction {
  func isReduced(before block: Int) -> Bool { false }

  mutating func reduce(
    before block: Int, weights: ([Int], AttentionSource) -> AttentionWeights, rows: (RowSource) -> Matrix
  ) throws(Never) -> ReducedRows {
    preconditionFailure("asked for a reduction that was not announced")
  }
}
