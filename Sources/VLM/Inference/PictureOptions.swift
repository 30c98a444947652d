import Basics
import Images

/// How pictures are read.
public struct PictureOptions: Sendable, Equatable {
  public var limits: ImageLimits
  /// A fixed grid of crops, for families that cut pictures; nil: the picture's shape decides.
  public var grid: Grid?
  /// Most visual tokens of a picture, or of a video, before pruning: it is read at a lower resolution until it fits.
  /// For families that read pictures of any size; nil: the checkpoint decides.
  public var maxVisualTokens: Int?

  /// What `maxVisualTokens` may be.
  public static let visualTokenBounds = 1...1 << 24

  public init(limits: ImageLimits = ImageLimits(), grid: Grid? = nil, maxVisualTokens: Int? = nil) {
    self.limits = limits
    self.grid = grid
    self.maxVisualTokens = maxVisualTokens
  }
}

/// The frames of one video that are read, in order of time.
public struct VideoFrames: Sendable {
  public let images: [RGBImage]
  /// Each frame's name for errors; equal names are the same frame.
  public let names: [String]
  public let times: FrameTimes

  /// - Parameter images: at least one, with as many names and times.
  public init(images: [RGBImage], names: [String], times: FrameTimes) {
    precondition(!images.isEmpty && names.count == images.count, "one name a frame")
    precondition(times.seconds.count == images.count, "one time a frame")
    self.images = images
    self.names = names
    self.times = times
  }
}

/// When the frames of a video were taken.
public struct FrameTimes: Sendable, Hashable {
  /// Frames a second of a list of frames that says nothing about time.
  public static let standardRate = 2.0

  /// Of each frame, from the video's beginning, ascending.
  public let seconds: [Double]
  /// Seconds from one frame to the next, on average.
  public let secondsPerFrame: Double

  /// - Parameter rate: frames a second, above zero: a video with times of another rate is refused when it is read.
  public init(count: Int, rate: Double = standardRate) {
    seconds = (0..<max(count, 0)).map { Double($0) / rate }
    secondsPerFrame = 1 / rate
  }

  /// Times of all frames of a video; one alone lasts as long as a frame of a list.
  public init(seconds: [Double]) {
    self.seconds = seconds
    let (first, last) = (seconds.first ?? 0, seconds.last ?? 0)
    secondsPerFrame = seconds.count > 1 ? (last - first) / Double(seconds.count - 1) : 1 / Self.standardRate
  }

  /// Those of some frames, numbered from 0. They share out the whole video evenly, whatever rounding made of their
  /// times: of four seconds, eight frames are half a second apart.
  public func sampled(_ numbers: [Int]) -> FrameTimes {
    FrameTimes(
      seconds: numbers.map { seconds[$0] }, secondsPerFrame: duration / Double(max(numbers.count, 1)))
  }

  private init(seconds: [Double], secondsPerFrame: Double) {
    self.seconds = seconds
    self.secondsPerFrame = secondsPerFrame
  }

  /// Whether they are finite, in order, and as many as the frames.
  func areUsable(of count: Int) -> Bool {
    seconds.count == count && (seconds + [secondsPerFrame, duration]).allSatisfy { $0.isFinite && $0 >= 0 }
      && zip(seconds, seconds.dropFirst()).allSatisfy(<=)
  }

  /// Of all frames, in seconds.
  var duration: Double { secondsPerFrame * Double(seconds.count) }
}
