/// Normalised pixels as a vision tower reads them: `values[((frame * 3 + channel) * height + y) * width + x]`, channels
/// red, green, blue.
public struct PixelTensor: Sendable, Equatable {
  /// Frames that one view shows: 1, or 2 of a video for towers that read pairs.
  public let frames: Int
  /// Always 3.
  public let channels: Int
  public let height: Int
  public let width: Int
  /// frames · channels · height · width numbers.
  public let values: [Float]

  /// `values` must hold frames · 3 · height · width numbers.
  public init(frames: Int = 1, height: Int, width: Int, values: [Float]) {
    precondition(values.count == frames * 3 * height * width, "a pixel tensor has another number of values")
    self.frames = frames
    self.channels = 3
    self.height = height
    self.width = width
    self.values = values
  }
}
