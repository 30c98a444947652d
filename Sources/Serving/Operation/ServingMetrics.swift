import Foundation
import Synchronization
import VLM

/// Counts of a server, as Prometheus reads them. Labels hold only names that the server accepted.
final class ServingMetrics: Sendable {
  private static let bounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]
  private static let stages = ["encode", "prune", "prefill", "decode"]

  private struct Histogram {
    var counts = [Int](repeating: 0, count: ServingMetrics.bounds.count)
    var count = 0
    var sum = 0.0

    mutating func add(_ seconds: Double) {
      for (index, bound) in ServingMetrics.bounds.enumerated() where seconds <= bound { counts[index] += 1 }
      count += 1
      sum += seconds
    }
  }

  private struct Counts {
    var requests: [Int: Int] = [:]
    var promptTokens = 0
    var cachedTokens = 0
    var generatedTokens = 0
    var encodedPictures = 0
    var visualTokens: [String: Int] = [:]
    var keptTokens: [String: Int] = [:]
    var stages = [Histogram](repeating: Histogram(), count: ServingMetrics.stages.count)
  }

  private let counts = Mutex(Counts())

  /// A chat request that ended with this status.
  func count(status: Int) { counts.withLock { $0.requests[status, default: 0] += 1 } }

  func count(_ answer: ServedAnswer) {
    let record = answer.record
    let times = [record.timings.encode, record.timings.prune, record.timings.prefill, record.timings.decode]
    counts.withLock { counts in
      counts.promptTokens += record.promptLength
      counts.cachedTokens += answer.cachedTokens
      counts.generatedTokens += record.generatedTokens
      counts.encodedPictures += answer.encodedPictures
      counts.visualTokens[record.strategy.name, default: 0] += record.visualTokens
      counts.keptTokens[record.strategy.name, default: 0] += record.keptTokens
      for (stage, time) in times.enumerated() { counts.stages[stage].add(time / .seconds(1)) }
    }
  }

  /// Prometheus' text format, version 0.0.4.
  /// - Parameter queueLength: requests that wait now.
  func text(queueLength: Int) -> String {
    let counts = counts.withLock { $0 }
    var lines = Self.family(
      "vlmprune_requests_total", "counter", "Chat requests by the status of their answer.",
      counts.requests.sorted { $0.key < $1.key }.map { ("{status=\"\($0.key)\"}", "\($0.value)") })
    lines += Self.family(
      "vlmprune_queue_length", "gauge", "Requests that wait to be answered.", [("", "\(queueLength)")])
    lines += Self.family(
      "vlmprune_prompt_tokens_total", "counter", "Positions of all prompts, visual tokens included.",
      [("", "\(counts.promptTokens)")])
    lines += Self.family(
      "vlmprune_cached_tokens_total", "counter", "Positions of prompts that were not run.",
      [("", "\(counts.cachedTokens)")])
    lines += Self.family(
      "vlmprune_generated_tokens_total", "counter", "New tokens.", [("", "\(counts.generatedTokens)")])
    lines += Self.family(
      "vlmprune_encoded_pictures_total", "counter", "Pictures that the vision tower encoded.",
      [("", "\(counts.encodedPictures)")])
    lines += Self.family(
      "vlmprune_visual_tokens_total", "counter", "Visual tokens before pruning.", Self.byStrategy(counts.visualTokens))
    lines += Self.family(
      "vlmprune_kept_tokens_total", "counter", "Visual tokens that were kept.", Self.byStrategy(counts.keptTokens))
    lines += Self.family(
      "vlmprune_stage_seconds", "histogram", "Time of each stage of an answer.",
      zip(Self.stages, counts.stages).flatMap { Self.samples(of: $1, stage: $0) })
    return lines.joined(separator: "\n") + "\n"
  }

  private static func family(
    _ name: String, _ type: String, _ help: String, _ samples: [(suffix: String, value: String)]
  ) -> [String] {
    ["# HELP \(name) \(help)", "# TYPE \(name) \(type)"] + samples.map { "\(name)\($0.suffix) \($0.value)" }
  }

  private static func byStrategy(_ counts: [String: Int]) -> [(String, String)] {
    counts.sorted { $0.key < $1.key }.map { ("{strategy=\"\($0.key)\"}", "\($0.value)") }
  }

  private static func samples(of histogram: Histogram, stage: String) -> [(String, String)] {
    let buckets = zip(bounds, histogram.counts).map { ("_bucket{stage=\"\(stage)\",le=\"\($0)\"}", "\($1)") }
    return buckets + [
      ("_bucket{stage=\"\(stage)\",le=\"+Inf\"}", "\(histogram.count)"),
      ("_sum{stage=\"\(stage)\"}", "\(histogram.sum)"), ("_count{stage=\"\(stage)\"}", "\(histogram.count)"),
    ]
  }
}
