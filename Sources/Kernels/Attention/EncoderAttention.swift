/// Full (bidirectional) multi-head attention over one view, with taps. One tile of query rows of one head is in memory
/// at a time: scores, softmax in place, evidence, second product, all while the tile is hot.
public struct EncoderAttention: Sendable {
  public let heads: Int
  public let headWidth: Int
  /// Sequence positions before the patches: 1 with a class token, else 0.
  public let prefix: Int
  private let narrow: NarrowAttention?

  /// - Parameter engine: multiplies in bfloat16 where it can; nil: Float32.
  public init(heads: Int, headWidth: Int, prefix: Int, engine: ProductEngine? = nil) {
    self.heads = heads
    self.headWidth = headWidth
    self.prefix = prefix
    narrow = engine.flatMap { NarrowAttention($0, headWidth: headWidth) }
  }

  /// Query rows of a tile in Float32: 64 rows of 577 scores are 148 kB, inside a second-level cache.
  private static let tileRows = 64

  /// context [tokens, heads · headWidth] = softmax(q·kᵀ / √headWidth) · v, each operand [tokens, heads · headWidth].
  /// - Returns: the value of each tap in `taps`.
  public func apply(
    queries: Span<Float>, keys: Span<Float>, values: Span<Float>, tokens: Int, into context: inout MutableSpan<Float>,
    taps: Set<AttentionTap> = [], workers: Workers
  ) -> [AttentionTap: TapValue] {
    let size = tokens * heads * headWidth
    precondition(
      queries.count >= size && keys.count >= size && values.count >= size && context.count >= size,
      "attention operands are [tokens, heads · headWidth]")
    let readers = TapReaders(taps, heads: heads, tokens: tokens, prefix: prefix)
    queries.withUnsafeBufferPointer { q in
      keys.withUnsafeBufferPointer { k in
        values.withUnsafeBufferPointer { v in
          context.withUnsafeMutableBufferPointer { out in
            guard tokens > 0 else { return }
            let operands = Operands(
              queries: SharedSpan(reading: q), keys: SharedSpan(reading: k), values: SharedSpan(reading: v),
              context: SharedSpan(writing: out), tokens: tokens)
            run(operands, readers, workers)
          }
        }
      }
    }
    return readers.results()
  }

  /// The taps of a block whose output is not used: its maps alone, without the second product.
  public func taps(
    queries: Span<Float>, keys: Span<Float>, tokens: Int, taps: Set<AttentionTap>, workers: Workers
  ) -> [AttentionTap: TapValue] {
    let size = tokens * heads * headWidth
    precondition(queries.count >= size && keys.count >= size, "attention operands are [tokens, heads · headWidth]")
    let readers = TapReaders(taps, heads: heads, tokens: tokens, prefix: prefix)
    queries.withUnsafeBufferPointer { q in
      keys.withUnsafeBufferPointer { k in
        guard tokens > 0 else { return }
        let operands = Operands(
          queries: SharedSpan(reading: q), keys: SharedSpan(reading: k), values: nil, context: nil, tokens: tokens)
        run(operands, readers, workers)
      }
    }
    return readers.results()
  }

  private struct Operands: Sendable {
    let queries: SharedSpan<Float>
    let keys: SharedSpan<Float>
    let values: SharedSpan<Float>?
    let context: SharedSpan<Float>?
    let tokens: Int
  }

  private func run(_ operands: Operands, _ readers: TapReaders, _ workers: Workers) {
    guard let narrow else {
      let room = min(Self.tileRows, operands.tokens) * operands.tokens
      workers.forEach(heads, lane: { FloatLane(room, workers.workspaces) }) { lane, head in
        run(head: head, operands, readers, lane.scores.elements)
      }
      return
    }
    let tokens = operands.tokens
    workers.forEach(
      heads, lane: { narrow.makeLane(rows: tokens, positions: tokens, workspaces: workers.workspaces) }
    ) { lane, head in
      run(head: head, operands, readers, narrow, lane)
    }
  }

  private func run(
    head: Int, _ operands: Operands, _ readers: TapReaders, _ narrow: NarrowAttention, _ lane: NarrowAttention.Lane
  ) {
    let tokens = operands.tokens
    let width = heads * headWidth
    let offset = head * headWidth
    let packed = narrow.pack(
      keys: source(operands.keys, head: head, tokens), values: operands.values.map { source($0, head: head, tokens) },
      workspaces: lane.workspaces)
    for start in stride(from: 0, to: tokens, by: narrow.tileRows) {
      let rows = start..<min(start + narrow.tileRows, tokens)
      let start = rows.lowerBound * width + offset
      let queries = PackingMath.Source(
        operands.queries[start..<operands.queries.count], stride: width, rows: rows.count, columns: headWidth)
      let tile = narrow.scores(
        queries, scale: 1 / Float(headWidth).squareRoot(), packed, visible: tokens, in: lane)
      readers.read(tile.scores.start, scale: .logits, stride: tile.scores.stride, head: head, queries: rows)
      for (row, query) in rows.enumerated() {
        tile.softmax(row: row, seen: tokens, keeping: readers.needAttention(of: query))
      }
      readers.read(tile.scores.start, scale: .softmax, stride: tile.scores.stride, head: head, queries: rows)
      guard let context = operands.context else { continue }
      tile.context(
        packed, into: Block(context, from: start, stride: width, rows: rows.count, count: headWidth))
    }
  }

  /// One head's keys or values.
  private func source(_ operand: SharedSpan<Float>, head: Int, _ tokens: Int) -> PackingMath.Source {
    PackingMath.Source(
      operand[head * headWidth..<operand.count], stride: heads * headWidth, rows: tokens, columns: headWidth)
  }

  private func run(head: Int, _ operands: Operands, _ readers: TapReaders, _ memory: SharedSpan<Float>) {
    let tokens = operands.tokens
    let width = heads * headWidth
    let offset = head * headWidth
    func operand(_ span: SharedSpan<Float>, from row: Int) -> OpenBLAS.Operand {
      .init(elements: span[row * width + offset..<span.count], stride: width)
    }
    for start in stride(from: 0, to: tokens, by: Self.tileRows) {
      let rows = start..<min(start + Self.tileRows, tokens)
      let scores = Block(memory, stride: tokens, rows: rows.count, count: tokens)
      OpenBLAS.multiplyTransposed(
        operand(operands.queries, from: start), operand(operands.keys, from: 0), into: scores, inner: headWidth,
        scale: 1 / Float(headWidth).squareRoot())
      readers.read(scores.start, scale: .logits, stride: tokens, head: head, queries: rows)
      for row in 0..<rows.count { VectorMath.softmax(scores[row]) }
      readers.read(scores.start, scale: .softmax, stride: tokens, head: head, queries: rows)
      guard let values = operands.values, let context = operands.context else { continue }
      OpenBLAS.multiply(
        .init(elements: memory.all, stride: tokens), operand(values, from: 0),
        into: Block(context, from: start * width + offset, stride: width, rows: rows.count, count: headWidth),
        inner: tokens)
    }
  }
}

/// One thread's scores in Float32.
final class FloatLane {
  let scores: Workspace<Float>

  init(_ count: Int, _ workspaces: WorkspacePool) { scores = workspaces.take(count) }
}
