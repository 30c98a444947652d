import Pruning

/// How much a scheduler does and keeps.
public struct ServiceOptions: Sendable {
  /// Answers that run at the same time.
  public var parallel: Int
  /// Requests that may wait beside those that run.
  public var queue: Int
  /// Most bytes of pictures' features and evidence.
  public var featureCacheBytes: Int
  /// Most bytes of keys and values of beginnings of prompts.
  public var prefixCacheBytes: Int
  /// Evidence of the strategies that requests will name: collected when a picture is first encoded. A strategy that
  /// reads more has the picture encoded again, with all that was collected before.
  public var expected: Evidence
  /// Where features are kept between runs; nil: nowhere.
  public var featureFolder: FeatureFolder?

  public init(
    parallel: Int = 1, queue: Int = 64, featureCacheBytes: Int = 512 << 20, prefixCacheBytes: Int = 512 << 20,
    expected: Evidence = .none, featureFolder: FeatureFolder? = nil
  ) {
    precondition(parallel >= 1 && queue >= 0, "at least one answer runs")
    precondition(featureCacheBytes >= 0 && prefixCacheBytes >= 0, "a budget is a number of bytes")
    self.parallel = parallel
    self.queue = queue
    self.featureCacheBytes = featureCacheBytes
    self.prefixCacheBytes = prefixCacheBytes
    self.expected = expected
    self.featureFolder = featureFolder
  }
}
