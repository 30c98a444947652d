import Kernels

/// A key–value cache that knows what it holds, position by position: if another prompt begins with the same items, they
/// are not run again.
struct DecoderCache: ~Copyable, Sendable {
  private var cache: KeyValueCache
  private var items: [PromptSequence.Item] = []
  private var positions: [Position] = []

  init(_ cache: consuming KeyValueCache) { self.cache = cache }

  /// Runs the next positions of a prompt that the cache does not hold, and drops those of other prompts.
  /// - Parameter chunk: most positions to run.
  /// - Returns: how many of the prompt's positions are in the cache, and the logits of the first new token once all
  ///   are.
  mutating func prefill(
    _ prompt: PromptSequence, by model: VisionLanguageModel, chunk: Int, inspection: Inspection?
  ) -> (done: Int, logits: [Float]?) {
    // At least the last position runs, because its logits are needed. An inspection needs all of them.
    let shared = inspection == nil ? min(sharedCount(with: prompt), prompt.items.count - 1) : 0
    truncate(to: shared)
    let end = min(prompt.items.count, shared + max(1, min(chunk, prompt.items.count - shared)))
    let run = shared..<end
    let embeddings = prompt.embeddings.rows(run)
    let runPositions = Array(prompt.positions[run])
    var logits: [Float]?
    if end == prompt.items.count {
      logits = model.decoder.run(
        embeddings, positions: runPositions, cache: &cache, workers: model.workers, sink: inspection)
    } else {
      model.decoder.fill(embeddings, positions: runPositions, cache: &cache, workers: model.workers)
    }
    items += prompt.items[run]
    positions += runPositions
    if let logits { inspection?.take("logits", shape: [logits.count], logits) }
    // Results that are not finite must not be reused.
    if let logits, !logits.allSatisfy(\.isFinite) { forget() }
    return (end, logits)
  }

  /// Runs one new token.
  /// - Returns: the logits of the next.
  mutating func append(_ token: Int, at position: Position, by model: VisionLanguageModel) -> [Float] {
    let logits = model.decoder.run(
      model.decoder.embed([token]), positions: [position], cache: &cache, workers: model.workers)
    items.append(.token(token))
    positions.append(position)
    return logits
  }

  mutating func forget() { truncate(to: 0) }

  /// Positions that the cache holds.
  var count: Int { items.count }

  private func sharedCount(with prompt: PromptSequence) -> Int {
    let limit = min(items.count, prompt.items.count)
    var shared = 0
    while shared < limit, items[shared] == prompt.items[shared], positions[shared] == prompt.positions[shared] {
      shared += 1
    }
    return shared
  }

  private mutating func truncate(to count: Int) {
    cache.truncate(to: count)
    items.removeSubrange(count...)
    positions.removeSubrange(count...)
  }
}
