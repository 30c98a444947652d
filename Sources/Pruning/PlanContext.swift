import Basics
import Kernels

/// What a decision may use besides the evidence: random numbers and threads.
public struct PlanContext: Sendable {
  /// Seeded by the run's seed and the picture's digest.
  public var random: SeededGenerator
  /// Threads for matrix products.
  public let workers: Workers

  public init(random: SeededGenerator, workers: Workers) {
    self.random = random
    self.workers = workers
  }
}
