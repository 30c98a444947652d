/// The one table of tolerances: largest absolute differences that tests accept between our numbers and a golden.
///
/// The goldens' own float32 rounding, measured against float64 on every tiny checkpoint, is given with each: a bound
/// far above it leaves room for another order of sums, and still catches every wrong formula, whose errors begin at 1e-2.
public enum Tolerances {
  /// Pixel tensors: resizing rounds to 8 bits exactly as Pillow, so only the last float32 operation may differ.
  public static let pixels: Float = 1e-6

  /// Hidden states (embeddings, blocks, features, projected rows) of magnitude up to 15; rounding of the goldens: 2e-5.
  public static let blocks: Float = 1e-4

  /// Attention probabilities, at most 1: they inherit the hidden states' rounding; that of the goldens: 4e-6.
  public static let attention: Float = 2e-5

  /// Logits: the final norm and the head add up a whole stack's rounding; that of the goldens: 2e-5.
  public static let logits: Float = 1e-3
}
