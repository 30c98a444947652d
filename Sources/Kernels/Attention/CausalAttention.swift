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

  /// Packing keys and values pays only when several queries read them.
  private static let leastNarrowRows = 16

  /// Stores the new keys and values (already rotated) after the layer's filled positions, and attends.
  /// - Parameters:
  ///   - queries: [asking, heads · headWidth], rotated, of the last `asking` new positions; at least one if there are
  ///     new positions.
  ///   - keys: [rows, keyValueHeads · headWidth], rotated; values likewise.
  ///   - cache: reserved for `rows` more positions; the caller advances the layer afterwards.
  ///   - context: [asking, heads · headWidth].
  ///   - asPrompt: whether the positions are part of a prompt, whose numbers must not depend on how it is cut: few
  ///     of them are then computed as many are.
  public func apply(
    queries: Span<Float>, asking: Int, keys: Span<Float>, values: Span<Float>, rows: Int, layer: Int,
    cache: inout KeyValueCache, into context: inout MutableSpan<Float>, asPrompt: Bool = false, workers: Workers
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
    guard rows > 0 else { return }
    queries.withUnsafeBufferPointer { q in
      keys.withUnsafeBufferPointer { k in
        values.withUnsafeBufferPointer { v in
          context.withUnsafeMutableBufferPointer { out in
            cache.withLayer(layer) { cachedKeys, cachedValues in
              store(k, rows: rows, past: past, capacity: capacity, into: cachedKeys)
              store(v, rows: rows, past: past, capacity: capacity, into: cachedValues)
              let operands = Operands(
                queries: SharedSpan(reading: q), keys: cachedKeys, values: cachedValues,
                context: SharedSpan(writing: out), rows: asking, past: past + rows - asking, capacity: capacity)
              run(operands, asPrompt: asPrompt, workers)
            }
          }
        }
      }
    }
  }

  private func run(_ operands: Operands, asPrompt: Bool, _ workers: Workers) {
    if let narrow, operands.rows >= Self.leastNarrowRows || asPrompt {
      run(operands, narrow, workers)
      return
    }
    if operands.rows == 1, !asPrompt {
      runEach([operands], workers)
      return
    }
    runTiles(operands, workers)
  }

  struct Operands: Sendable {
    let queries: SharedSpan<Float>
    /// [keyValueHeads][capacity][headWidth]; values likewise.
    let keys: SharedSpan<Float>
    let values: SharedSpan<Float>
    let context: SharedSpan<Float>
    /// `rows` queries, and `past` positions before the first of them.
    let rows: Int
    let past: Int
    let capacity: Int
  }

  /// Where the first `positions` keys or values of a key–value head are in the cache.
  func slab(_ head: Int, _ operands: Operands, positions: Int) -> Range<Int> {
    let start = head * operands.capacity * headWidth
    return start..<start + positions * headWidth
  }

  /// All heads in bfloat16; keys and values are packed once for the query heads that share them.
  private func run(_ operands: Operands, _ narrow: NarrowAttention, _ workers: Workers) {
    let positions = operands.past + operands.rows
    let packed = (0..<keyValueHeads).map { _ in
      narrow.makeHead(positions: positions, withValues: true, workspaces: workers.workspaces)
    }
    workers.forEach(keyValueHeads) { head in
      func source(_ operand: SharedSpan<Float>) -> PackingMath.Source {
        PackingMath.Source(
          operand[slab(head, operands, positions: positions)], stride: headWidth, rows: positions,
          columns: headWidth)
      }
      packed[head].pack(keys: source(operands.keys), values: source(operands.values))
    }
    let tiles = (operands.rows + narrow.itemRows - 1) / narrow.itemRows
    workers.forEach(
      heads * tiles,
      lane: { narrow.makeLane(rows: operands.rows, positions: positions, workspaces: workers.workspaces) }
    ) { lane, item in
      let head = item % heads
      run(
        head: head, tile: tiles - 1 - item / heads, operands, packed[head / (heads / keyValueHeads)], narrow, lane)
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
      let queries = PackingMath.Source(
        operands.queries[place..<operands.queries.count], stride: width, rows: rows.count, columns: headWidth)
      let tile = narrow.scores(
        queries, scale: 1 / Float(headWidth).squareRoot(), packed, visible: operands.past + rows.upperBound, in: lane)
      for row in 0..<rows.count { tile.softmax(row: row, seen: operands.past + rows.lowerBound + row + 1) }
      tile.context(
        packed, into: Block(operands.context, from: place, stride: width, rows: rows.count, count: headWidth))
    }
  }

  /// [rows, heads · headWidth] → [heads][capacity][headWidth] at position `past`.
  func store(
    _ source: UnsafeBufferPointer<Float>, rows: Int, past: Int, capacity: Int, into slab: SharedSpan<Float>
  ) {
    for row in 0..<rows {
      for head in 0..<keyValueHeads {
        let from = (row * keyValueHeads + head) * headWidth
        let to = (head * capacity + past + row) * headWidth
        _ = slab.writable(to..<to + headWidth)
          .update(fromContentsOf: UnsafeBufferPointer(rebasing: source[from..<from + headWidth]))
      }
    }
  }
}
