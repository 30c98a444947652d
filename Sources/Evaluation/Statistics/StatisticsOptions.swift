/// How the figures of a run are computed.
public struct StatisticsOptions: Sendable, Hashable {
  /// What the bootstrap draws.
  public enum Cluster: String, Sendable, Hashable, CaseIterable {
    /// Questions, as if they were independent.
    case question
    /// Images, each with all of its questions.
    case image
  }

  public var seed: UInt64
  /// Number of bootstrap resamples.
  public var replicates: Int
  public var cluster: Cluster
  /// The share of the dense accuracy that the smallest budget must keep, 0 < share ≤ 1; nil for no search.
  public var atLeast: Double?

  public init(seed: UInt64 = 0, replicates: Int = 10_000, cluster: Cluster = .question, atLeast: Double? = nil) {
    precondition(replicates > 0, "a bootstrap has a replicate")
    precondition(atLeast.map { $0 > 0 && $0 <= 1 } ?? true, "a share to keep is above 0 and at most 1")
    self.seed = seed
    self.replicates = replicates
    self.cluster = cluster
    self.atLeast = atLeast
  }
}
