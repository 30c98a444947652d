/// Which of a position's three numbers turns which pair of channels: multimodal rotary embeddings (M-RoPE).
public enum RotarySections: Sendable, Hashable {
  /// All pairs turn by the temporal number.
  case none
  /// The first pairs turn by time, the next by the row, the last by the column (Qwen2-VL): three counts that sum to
  /// headWidth / 2.
  case blocks([Int])
  /// Pairs 1, 4, 7, … below 3 · counts[1] turn by the row, pairs 2, 5, 8, … below 3 · counts[2] by the column, all
  /// others by time (Qwen3-VL); counts as in `blocks`.
  case interleaved([Int])

  /// The three counts; nil where there are no sections.
  public var counts: [Int]? {
    switch self {
    case .none: nil
    case .blocks(let counts), .interleaved(let counts): counts
    }
  }

  /// The number of a position that turns each of `pairs` channel pairs.
  func axes(_ pairs: Int) -> [Position.Axis] {
    precondition(counts.map { $0.count == 3 && $0.reduce(0, +) == pairs } ?? true, "three sections cover all pairs")
    return (0..<pairs).map { pair in
      switch self {
      case .none: .temporal
      case .blocks(let counts):
        pair < counts[0] ? .temporal : pair < counts[0] + counts[1] ? .height : .width
      case .interleaved(let counts):
        if pair % 3 == 1, pair < 3 * counts[1] {
          .height
        } else if pair % 3 == 2, pair < 3 * counts[2] {
          .width
        } else {
          .temporal
        }
      }
    }
  }
}
