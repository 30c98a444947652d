/// One sequence's keys and values by reference, so that several sequences can take a step together.
public final class SequenceCache {
  public var cache: KeyValueCache

  public init(_ cache: consuming KeyValueCache) { self.cache = cache }
}

extension CausalAttention {
  /// One new position of each of several sequences: as `apply` for each of them, in every bit.
  /// - Parameters:
  ///   - queries: [caches, heads · headWidth], rotated.
  ///   - keys: [caches, keyValueHeads · headWidth], rotated; values likewise.
  ///   - caches: one a row, all different, each reserved for one more position; the caller advances the layer
  ///     afterwards.
  ///   - context: [caches, heads · headWidth].
  public func applyEach<Memory: FloatMemory & ~Copyable>(
    queries: borrowing Memory, keys: borrowing Memory, values: borrowing Memory, layer: Int, caches: [SequenceCache],
    into context: inout some FloatMemory & ~Copyable, workers: Workers
  ) {
    queries.withElements { queries in
      keys.withElements { keys in
        values.withElements { values in
          context.withMutableElements { context in
            queries.withUnsafeBufferPointer { queries in
              keys.withUnsafeBufferPointer { keys in
                values.withUnsafeBufferPointer { values in
                  context.withUnsafeMutableBufferPointer { context in
                    run(
                      SharedSpan(reading: queries), keys, values, layer: layer, caches: caches,
                      into: SharedSpan(writing: context), workers)
                  }
                }
              }
            }
          }
        }
      }
    }
  }

  private func run(
    _ queries: SharedSpan<Float>, _ keys: UnsafeBufferPointer<Float>, _ values: UnsafeBufferPointer<Float>, layer: Int,
    caches: [SequenceCache], into context: SharedSpan<Float>, _ workers: Workers
  ) {
    let (own, shared) = (heads * headWidth, keyValueHeads * headWidth)
    precondition(
      queries.count >= caches.count * own && context.count >= caches.count * own
        && keys.count >= caches.count * shared && values.count >= caches.count * shared,
      "one row a sequence")
    let rows = caches.enumerated().map { row, sequence in
      let (past, capacity) = (sequence.cache.counts[layer], sequence.cache.capacity)
      precondition(
        past < capacity && sequence.cache.heads == keyValueHeads && sequence.cache.headWidth == headWidth,
        "attention operands fit the cache")
      let (cachedKeys, cachedValues) = sequence.cache.memory(ofLayer: layer)
      let new = row * shared..<(row + 1) * shared
      store(UnsafeBufferPointer(rebasing: keys[new]), rows: 1, past: past, capacity: capacity, into: cachedKeys)
      store(UnsafeBufferPointer(rebasing: values[new]), rows: 1, past: past, capacity: capacity, into: cachedValues)
      return Operands(
        queries: queries.part(row * own..<(row + 1) * own), keys: cachedKeys, values: cachedValues,
        context: context.part(row * own..<(row + 1) * own), rows: 1, past: past, capacity: capacity)
    }
    withExtendedLifetime(caches) { runEach(rows, workers) }
  }

  /// One new position each: two passes over its cache, no library call. Heads that share keys and values are taken a
  /// few at a time.
  func runEach(_ rows: [Operands], _ workers: Workers) {
    let positions = rows.reduce(0) { max($0, $1.past + 1) }
    let sharing = heads / keyValueHeads
    let together = min(sharing, VectorMath.headsTogether)
    let parts = (sharing + together - 1) / together
    let each = keyValueHeads * parts
    workers.forEach(
      rows.count * each, lane: { FloatLane(together * positions, workers.workspaces) }
    ) { lane, number in
      let (operands, item) = (rows[number / each], number % each)
      let positions = operands.past + 1
      let first = item % parts * together
      let count = min(together, sharing - first)
      let start = (item / parts * sharing + first) * headWidth
      let own = start..<start + count * headWidth
      let shared = slab(item / parts, operands, positions: positions)
      VectorMath.attend(
        operands.queries[own], heads: count, keys: operands.keys[shared], values: operands.values[shared],
        scale: 1 / Float(headWidth).squareRoot(), scores: lane.scores.elements.writable(0..<together * positions),
        into: operands.context.writable(own))
    }
  }
}
