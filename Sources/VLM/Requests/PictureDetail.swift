/// How closely to look, which OpenAI says with each picture: a budget here.
public enum PictureDetail: String, Sendable, CaseIterable {
  case auto, low, high

  /// The budget as `--keep` spells it; nil where the caller's own counts.
  public var keep: String? {
    switch self {
    case .auto: nil
    case .low: "11%"
    case .high: "all"
    }
  }
}
