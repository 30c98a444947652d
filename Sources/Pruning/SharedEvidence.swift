import Kernels

/// What belongs to no view and to no question. Quantities that were not requested are absent.
public struct SharedEvidence: Sendable, Equatable {
  /// The family's separator row: [1, decoder width].
  public var separator: Matrix?
  public var projector: ProjectorWeights?
  /// Standard normal numbers, in the shape that the strategy asks for.
  public var noise: Matrix?

  public init(separator: Matrix? = nil, projector: ProjectorWeights? = nil, noise: Matrix? = nil) {
    self.separator = separator
    self.projector = projector
    self.noise = noise
  }
}

/// A projector of two linear layers with an exact GELU between them.
public struct ProjectorWeights: Sendable, Equatable {
  /// [hidden, width].
  public let first: Matrix
  /// [hidden].
  public let firstBias: [Float]
  /// [decoder width, hidden].
  public let second: Matrix
  /// [decoder width].
  public let secondBias: [Float]

  public init(first: Matrix, firstBias: [Float], second: Matrix, secondBias: [Float]) {
    precondition(
      firstBias.count == first.rows && second.columns == first.rows && secondBias.count == second.rows,
      "layers fit each other")
    self.first = first
    self.firstBias = firstBias
    self.second = second
    self.secondBias = secondBias
  }
}
