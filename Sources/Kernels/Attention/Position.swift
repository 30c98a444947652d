/// A token's position for rotary embeddings: in time, and in the rows and columns of a picture. For text, and for
/// families that count in one dimension, all three numbers are equal.
public struct Position: Sendable, Hashable {
  public var temporal: Int
  public var height: Int
  public var width: Int

  public init(temporal: Int, height: Int, width: Int) {
    self.temporal = temporal
    self.height = height
    self.width = width
  }

  /// The same number three times.
  public init(_ index: Int) { self.init(temporal: index, height: index, width: index) }

  /// One of the three numbers.
  public enum Axis: Sendable, Hashable { case temporal, height, width }

  public subscript(axis: Axis) -> Int {
    switch axis {
    case .temporal: temporal
    case .height: height
    case .width: width
    }
  }

  /// The position `distance` later, in every dimension.
  public func advanced(by distance: Int) -> Position {
    Position(temporal: temporal + distance, height: height + distance, width: width + distance)
  }
}
