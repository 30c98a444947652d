/// The one table of tolerances: largest absolute differences that tests accept between our numbers and a golden.
///
/// The goldens' own float32 rounding, measured against float64 on every tiny checkpoint, is given with each: a bound
/// far above it leaves room for another order of sums, and still catches every wrong formula, whose errors begin at
/// 1e-2.
public enum Tolerances {
  /// Pixel tensors: resizing rounds to 8 bits exactly as Pillow, so only the last float32 operation may differ.
  public static let pixels: Float = 1e-6

  /// Hidden states (embeddings, blocks, features, projected rows) of magnitude up to 15; rounding of the goldens: 2e-5.
  public static let blocks: Float = 1e-4

  /// Blocks of Qwen's towers alone, whose rounding grows faster from block to block: that of the golden is 6e-5 in the
  /// sixth block of tiny-qwen2_5-vl-a. The order of sums differs between instruction sets.
  public static let qwenBlocks: Float = 3e-4

  /// Attention probabilities, at most 1: they inherit the hidden states' rounding; that of the goldens: 4e-6.
  public static let attention: Float = 2e-5

  /// Logits: the final norm and the head add up a whole stack's rounding; that of the goldens: 2e-5.
  public static let logits: Float = 1e-3

  /// A trained tower's last block: a few channels of the residual stream have a magnitude of 50 or more.
  public static let trainedBlock: Float = 5e-4

  // The kernels, against the same formula in double.

  /// Products of up to 200 terms of magnitude 1: float32 rounding of such a sum is below 2e-5, whatever its order.
  public static let product: Float = 5e-5

  /// Normed rows of magnitude up to 4; the mean is rounded to float32, which tests add for rows far from zero.
  public static let norm: Float = 2e-5

  /// Attention probabilities and context of magnitude 1, after logits of magnitude 30.
  public static let attentionKernel: Float = 2e-5

  /// Those logits themselves, and sums of probabilities over as many rows as there are tokens.
  public static let attentionSums: Float = 2e-4

  /// Sums of those logits over as many rows as there are tokens.
  public static let logitSums: Float = 1e-3

  /// Softmax of scores of magnitude 10.
  public static let softmax: Float = 1e-6
}
