/// Causal grouped-query attention of new positions over a key–value cache that already holds earlier ones.
public struct CausalAttention: Sendable {
  public let heads: Int
  public let keyValueHeads: Int
  public let headWidth: Int
  private let narrow: NarrowAttention?

  /// - Parameter engine: multiplies in bfloat16 where it can; nil: Float32.
  public init(heads: Int, keyValueHeads: Int, headWidth: Int, engine: ProductEngine? = nil) {
    precondition(keyValueHeads > 0 && heads % keyValueHeads == 0, "query heads share key–value heads evenly")
    self.heads = heads
    self.keyValueHeads = keyValueHeads
    self.headWidth = headWidth
    narrow = engine.flatMap { NarrowAttention($0, headWidth: headWidth) }
  }

  /// Query rows that a thread takes at a time, in Float32.
  private static let tileRows = 64
  /// Packing keys and values pays only when several queries read them.
  private static let leastNarrowRows = 16

  /// Stores the new keys and values after the layer's filled positions (rotated already) and attends.
  /// - Parameters:
  ///   - queries: [asking, heads · headWidth], rotated: of the last `asking` new positions, one at least where there are any.
  ///   - keys: [rows, keyValueHeads · headWidth], rotated; values likewise.
  ///   - cache: reserved for `rows` more positions; the caller advances the layer afterwards.
  ///   - context: [asking, heads · headWidth].
  public func apply(
    queries: Span<Float>, asking: Int, keys: Span<Float>, values: Span<Float>, rows: Int, layer: Int,
    cache: inout KeyValueCache, into context: inout MutableSpan<Float>, workers: Workers
  ) {
    let shared = rows * keyValueHeads * headWidth
    let own = asking * heads * headWidth
    precondition(
      queries.count >= own && context.count >= own && keys.count >= shared && values.count >= shared
        && asking <= rows && (asking > 0 || rows == 0) && cache.counts[layer] + rows <= cache.capacity
        && cache.heads == keyValueHeads
        && cache.headWidth == headWidth,
      "attention operands fit the cache")
    let past = cache.counts[layer]
    let capacity = cache.capacity
    queries.withUnsafeBufferPointer { q in
      keys.withUnsafeBufferPointer { k in
        values.withUnsafeBufferPointer { v in
          context.withUnsafeMutableBufferPointer { out in
            cache.withLayer(layer) { cachedKeys, cachedValues in
              guard let q = q.baseAddress, let k = k.baseAddress, let v = v.baseAddress,
                let out = out.baseAddress
              else { return }
              store(k, rows: rows, past: past, capacity: capacity, into: cachedKeys)
              store(v, rows: rows, past: past, capacity: capacity, into: cachedValues)
              let operands = Operands(
                queries: q, keys: cachedKeys, values: cachedValues, context: out, rows: asking,
                past: past + rows - asking, capacity: capacity)
              run(operands, workers)
            }
          }
        }
      }
    }
  }

  private func run(_ operands: Operands, _ workers: Workers) {
    if let narrow, operands.rows >= Self.leastNarrowRows {
      run(operands, narrow, workers)
      return
    }
    if operands.rows == 1 {
      runOne(operands, workers)
      return
    }
    let tiles = (operands.rows + Self.tileRows - 1) / Self.tileRows
    workers.forEach(heads * tiles) { item in
      // The longest tiles first, so that threads end together.
      run(head: item % heads, tile: tiles - 1 - item / heads, operands)
    }
  }

  private struct Operands {
    let queries: UnsafePointer<Float>
    let keys: UnsafePointer<Float>
    let values: UnsafePointer<Float>
    let context: UnsafeMutablePointer<Float>
    /// Queries, and the positions before the first of them.
    let rows: Int
    let past: Int
    let capacity: Int
  }

  /// All heads in bfloat16; keys and values are packed once for the query heads that share them.
  private func run(_ operands: Operands, _ narrow: NarrowAttention, _ workers: Workers) {
    let positions = operands.past + operands.rows
    let slots = Heads(count: keyValueHeads)
    workers.forEach(keyValueHeads) { head in
      let slab = head * operands.capacity * headWidth
      slots.values[head] = narrow.pack(
        keys: operands.keys + slab, values: operands.values + slab, stride: headWidth, positions: positions)
    }
    let tiles = (operands.rows + narrow.itemRows - 1) / narrow.itemRows
    let lane = { narrow.makeLane(rows: operands.rows, positions: positions) }
    workers.forEach(heads * tiles, lane: lane) { lane, item in
      let head = item % heads
      if let packed = slots.values[head / (heads / keyValueHeads)] {
        run(head: head, tile: tiles - 1 - item / heads, operands, packed, narrow, lane)
      }
    }
  }

  private func run(
    head: Int, tile: Int, _ operands: Operands, _ packed: NarrowAttention.Head, _ narrow: NarrowAttention,
    _ lane: NarrowAttention.Lane
  ) {
    let end = min((tile + 1) * narrow.itemRows, operands.rows)
    let width = heads * headWidth
    for start in stride(from: tile * narrow.itemRows, to: end, by: narrow.tileRows) {
      let rows = start..<min(start + narrow.tileRows, end)
      let place = rows.lowerBound * width + head * headWidth
      let tile = narrow.scores(
        operands.queries + place, stride: width, rows: rows.count, scale: 1 / Float(headWidth).squareRoot(), packed,
        visible: operands.past + rows.upperBound, in: lane)
      for row in 0..<rows.count { tile.softmax(row: row, seen: operands.past + rows.lowerBound + row + 1) }
      tile.context(packed, into: operands.context + place, stride: width)
    }
  }

  /// One thread's scores.
  private final class Scores {
    let memory: UnsafeMutablePointer<Float>
    init(_ count: Int) { memory = .allocate(capacity: count) }
    deinit { memory.deallocate() }
  }

  /// One slot a key–value head. Unchecked because of the pointer: each slot is written by one thread, and read after all are done.
  private final class Heads: @unchecked Sendable {
    let values: UnsafeMutableBufferPointer<NarrowAttention.Head?>

    init(count: Int) {
      values = .allocate(capacity: count)
      values.initialize(repeating: nil)
    }

    deinit {
      values.deinitialize()
      values.deallocate()
    }
  }

  /// [rows, heads · headWidth] → [heads][capacity][headWidth] at position `past`.
  private func store(
    _ source: UnsafePointer<Float>, rows: Int, past: Int, capacity: Int, into slab: UnsafeMutablePointer<Float>
  ) {
    for row in 0..<rows {
      for head in 0..<keyValueHeads {
        (slab + (head * capacity + past + row) * headWidth)
          .update(from: source + (row * keyValueHeads + head) * headWidth, count: headWidth)
      }
    }
  }

  /// One new position: two passes over the cache, no library call. A few heads that share keys and values go together.
  private func runOne(_ operands: Operands, _ workers: Workers) {
    let positions = operands.past + 1
    let sharing = heads / keyValueHeads
    let together = min(sharing, VectorMath.headsTogether)
    let parts = (sharing + together - 1) / together
    workers.forEach(keyValueHeads * parts, lane: { Scores(together * positions) }) { scores, item in
      let first = item % parts * together
      let head = item / parts * sharing + first
      let slab = item / parts * operands.capacity * headWidth
      VectorMath.attend(
        operands.queries + head * headWidth, heads: min(together, sharing - first), keys: operands.keys + slab,
        values: operands.values + slab, positions: positions, width: headWidth,
        scale: 1 / Float(headWidth).squareRoot(), scores: scores.memory, into: operands.context + head * headWidth)
    }
  }

  private func run(head: Int, tile: Int, _ operands: Operands) {
    let rows = tile * Self.tileRows..<min((tile + 1) * Self.tileRows, operands.rows)
    let visible = operands.past + rows.upperBound
    let width = heads * headWidth
    let slab = head / (heads / keyValueHeads) * operands.capacity * headWidth
    let query = operands.queries + rows.lowerBound * width + head * headWidth
    let context = operands.context + rows.lowerBound * width + head * headWidth
    let scale = 1 / Float(headWidth).squareRoot()
    let scores = UnsafeMutablePointer<Float>.allocate(capacity: rows.count * visible)
    defer { scores.deallocate() }
    OpenBLAS.multiplyTransposed(
      .init(start: query, stride: width), .init(start: operands.keys + slab, stride: headWidth), into: scores,
      outputStride: visible, rows: rows.count, columns: visible, inner: headWidth, scale: scale)
    for row in 0..<rows.count {
      let seen = operands.past + rows.lowerBound + row + 1
      VectorMath.softmax(scores + row * visible, count: seen)
      (scores + row * visible + seen).update(repeating: 0, count: visible - seen)
    }
    OpenBLAS.multiply(
      .init(start: scores, stride: visible), .init(start: operands.values + slab, stride: headWidth), into: context,
      outputStride: width, rows: rows.count, columns: headWidth, inner: visible)
  }
}
