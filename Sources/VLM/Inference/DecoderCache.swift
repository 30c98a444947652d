import Kernels
import Pruning

/// A key–value cache that knows what it holds, position by position: if another prompt begins with the same items, they
/// are not run again.
struct DecoderCache: ~Copyable, Sendable {
  private var cache: KeyValueCache
  private var items: [PromptSequence.Item] = []
  private var positions: [Position] = []
  /// Of a prompt that was reduced, what `Decoder.run` needs for its answer; nil where every block holds every item.
  private var shifts: [Int]?

  init(_ cache: consuming KeyValueCache) { self.cache = cache }

  /// Runs the next positions of a prompt that the cache does not hold, and forgets what it holds of others.
  /// - Parameters:
  ///   - begun: how many of the prompt's positions earlier calls have left in the cache; 0 in the first call.
  ///   - chunk: most positions to run.
  ///   - isolating: as `GenerationOptions.isolatesQuestions`.
  /// - Returns: how many of the prompt's positions are in the cache, and the logits of the first new token once all
  ///   are.
  mutating func prefill(
    _ prompt: PromptSequence, by model: VisionLanguageModel, begun: Int, chunk: Int, isolating: Bool,
    inspection: Inspection?
  ) -> (done: Int, logits: [Float]?) {
    // Of a reduced prompt, most blocks hold some items only.
    if shifts != nil { forget() }
    // At least the last position runs: its logits are wanted. Callers that inspect want all of them.
    let last = prompt.items.count - 1
    let boundary = isolating && inspection == nil ? min(prompt.endOfPictures, last) : nil
    var shared = begun
    if begun == 0, inspection == nil {
      shared = min(sharedCount(with: prompt), last)
      if let boundary { shared = shared < boundary ? 0 : boundary }
    }
    truncate(to: shared)
    let limit = boundary.map { shared < $0 ? $0 : prompt.items.count } ?? prompt.items.count
    let end = min(limit, shared + max(1, min(chunk, limit - shared)))
    let run = shared..<end
    let embeddings = prompt.embeddings.rows(run)
    let runPositions = Array(prompt.positions[run])
    let additions = prompt.additions?.slice(run)
    var logits: [Float]?
    if end == prompt.items.count {
      logits = model.decoder.run(
        embeddings, positions: runPositions, additions: additions, isPrompt: true, cache: &cache,
        workers: model.workers, sink: inspection)
    } else {
      model.decoder.fill(
        embeddings, positions: runPositions, additions: additions, cache: &cache, workers: model.workers)
    }
    items += prompt.items[run]
    positions += runPositions
    if let logits { inspection?.take("logits", shape: [logits.count], logits) }
    // Results that are not finite must not be reused.
    if let logits, !logits.allSatisfy(\.isFinite) { forget() }
    return (end, logits)
  }

  /// Runs a whole prompt of which rows are dropped on the way. What the cache holds of it serves its own answer alone.
  /// - Throws: what the method throws; the cache is empty then.
  mutating func prefillDropping(
    _ prompt: PromptSequence, reducing reduction: inout PromptReduction, by model: VisionLanguageModel,
    inspection: Inspection?
  ) throws(PruningError) -> [Float] {
    forget()
    let reduced = try model.decoder.prefill(
      prompt.embeddings, positions: prompt.positions, additions: prompt.additions, reducing: &reduction, cache: &cache,
      workers: model.workers, sink: inspection)
    (items, positions, shifts) = (prompt.items, prompt.positions, reduced.shifts)
    inspection?.take("logits", shape: [reduced.logits.count], reduced.logits)
    if !reduced.logits.allSatisfy(\.isFinite) { forget() }
    return reduced.logits
  }

  /// Runs one new token.
  /// - Returns: the logits of the next.
  mutating func append(_ token: Int, at position: Position, by model: VisionLanguageModel) -> [Float] {
    let logits = model.decoder.run(
      model.decoder.embed([token]), positions: [position], shifts: shifts, cache: &cache, workers: model.workers)
    items.append(.token(token))
    positions.append(position)
    return logits
  }

  mutating func forget() {
    truncate(to: 0)
    shifts = nil
  }

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
