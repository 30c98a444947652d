import Kernels
import Language
import Pruning

/// Brings a method of Pruning into the decoder's prefill.
struct PromptReduction: RowReduction {
  private(set) var pruning: PromptPruning

  init(_ pruning: PromptPruning) { self.pruning = pruning }

  func isReduced(before block: Int) -> Bool { pruning.isReduced(before: block) }

  mutating func reduce(
    before block: Int, weights: ([Int], AttentionSource) -> AttentionWeights, rows: (RowSource) -> Matrix
  ) throws(PruningError) -> ReducedRows {
    try pruning.reduce(before: block, weights: weights, rows: rows)
  }
}

extension DecoderDescription {
  /// What methods inside the decoder may know of `decoder`.
  public init(_ decoder: Decoder) {
    self.init(
      depth: decoder.configuration.depth, heads: decoder.configuration.heads,
      frequencies: decoder.rotary.frequencies.map(Double.init), axes: decoder.rotary.axes)
  }
}
