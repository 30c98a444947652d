/// Which frames of a video a family reads.
public enum FrameSampling: Sendable, Hashable {
  /// Where frames are taken of `total`, n of them.
  public enum Spacing: Sendable, Hashable {
    /// ⌊i·total ÷ n⌋.
    case fromStart
    /// i·(total − 1) ÷ (n − 1), rounded half to even: the first and the last are among them.
    case fromStartToEnd
  }

  /// Always this many, at even distances; a shorter video repeats frames.
  case count(Int)
  /// So many a second, but at least `least` (or all there are), and at most `most`. A list of frames is read whole.
  case rate(Double, least: Int, most: Int, spacing: Spacing)

  /// Numbers of the frames that are read of a list of frames.
  public func frames(of total: Int) -> [Int] {
    switch self {
    case .count(let count): VideoSampling.frames(of: total, count: count)
    case .rate: Array(0..<total)
    }
  }

  /// Numbers of the frames that are read of a video.
  /// - Parameter times: of all its frames, in seconds, ascending; at least one.
  public func frames(of times: [Double]) -> [Int] {
    let total = times.count
    guard case .rate(let rate, let least, let most, let spacing) = self, total > 1 else { return frames(of: total) }
    let wanted = Int(min(FrameTimes(seconds: times).duration * rate, Double(most)))
    var count = min(max(wanted, least), most, total)
    switch spacing {
    case .fromStart:
      count = max(2, count - count % 2)
      return VideoSampling.frames(of: total, count: count)
    case .fromStartToEnd:
      let step = Double(total - 1) / Double(max(count - 1, 1))
      return (0..<count).map { Int((Double($0) * step).rounded(.toNearestOrEven)) }
    }
  }

  /// The longest list of frames that is read; nil: any.
  public var mostFrames: Int? {
    if case .rate(_, _, let most, _) = self { most } else { nil }
  }
}
