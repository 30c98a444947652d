/// Which frames of a video are read.
public enum VideoSampling {
  /// Frames that Video-LLaVA was trained with.
  public static let standardCount = 8

  /// Numbers of `count` frames at even distances from the first, of `total`: ⌊i·total ÷ count⌋. A shorter video repeats
  /// frames, as the published sampling does, so that the decoder always sees the same number.
  public static func frames(of total: Int, count: Int = standardCount) -> [Int] {
    precondition(total > 0 && count > 0, "a video has at least one frame")
    return (0..<count).map { $0 * total / count }
  }
}
