/// Normalised pixels as a vision tower reads them: `values[(channel * height + y) * width + x]`, channels red, green,
/// blue.
public struct PixelTensor: Sendable, Equatable {
  /// Always 3.
  public let channels: Int
  public let height: Int
  public let width: Int
  /// channels · height · width numbers.
  public let values: [Float]

  /// `values` must hold 3 · height · width numbers.
  public init(height: Int, width: Int, values: [Float]) {
    precondition(values.count == 3 * height * width, "a pixel tensor has another number of values")
    self.channels = 3
    self.height = height
    self.width = width
    self.values = values
  }
}
