import Kernels
import Language

/// An answer between its start and its end. Only the thread that answers touches it.
final class RunningAnswer {
  let queued: QueuedRequest
  /// Nil until the pictures are encoded and the prompt is put together.
  var generation: Generation?
  /// What the decoder holds of it.
  let memory: SequenceCache
  /// Of a prompt that was reduced, as in `DecoderStep`.
  var shifts: [Int]?
  /// The prompt as the prefix store knows it.
  var codes: [Int] = []
  var cachedTokens = 0
  var encodedPictures = 0

  init(_ queued: QueuedRequest, cache: consuming KeyValueCache) {
    self.queued = queued
    memory = SequenceCache(cache)
  }

  /// Whether the whole prompt has run.
  var isWriting: Bool { generation?.logits != nil }

  /// The end of the next part of the prompt. Parts begin at multiples of 64: attention in Float32 then has the tiles
  /// that it has in a run of the whole prompt.
  /// - Parameter largest: positions of a part, a multiple of 64.
  func nextPart(_ generation: Generation, largest: Int) -> Range<Int> {
    let (start, count) = (generation.prefilled, generation.promptLength)
    // A short rest is run with what is before it.
    guard count - start > largest + 64 else { return start..<count }
    return start..<(start / largest + 1) * largest
  }
}
