import Basics
import Kernels

/// What a decision may use beside the evidence: numbers drawn at random, and threads.
public struct PlanContext: Sendable {
  /// Seeded by the run's seed and the picture's digest.
  public var random: SeededGenerator
  /// Threads for products of matrices.
  public let workers: Workers

  public init(random: SeededGenerator, workers: Workers) {
    self.random = random
    self.workers = workers
  }
}
