/// Full (bidirectional) multi-head attention over one view, with taps. One tile of query rows of one head is in memory at a
/// time: scores, softmax in place, evidence, second product, all while the tile is hot.
public struct EncoderAttention: Sendable {
  public let heads: Int
  public let headWidth: Int
  /// Sequence positions in front of the patches: 1 with a class token, else 0.
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
  /// - Returns: what each of `taps` took.
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
            guard tokens > 0, let q = q.baseAddress, let k = k.baseAddress, let v = v.baseAddress,
              let out = out.baseAddress
            else { return }
            let operands = Operands(queries: q, keys: k, values: v, context: out, tokens: tokens)
            run(operands, readers, workers)
          }
        }
      }
    }
    return readers.results()
  }

  /// The taps of a block whose output nobody reads: its maps alone, without the second product.
  public func taps(
    queries: Span<Float>, keys: Span<Float>, tokens: Int, taps: Set<AttentionTap>, workers: Workers
  ) -> [AttentionTap: TapValue] {
    let size = tokens * heads * headWidth
    precondition(queries.count >= size && keys.count >= size, "attention operands are [tokens, heads · headWidth]")
    let readers = TapReaders(taps, heads: heads, tokens: tokens, prefix: prefix)
    queries.withUnsafeBufferPointer { q in
      keys.withUnsafeBufferPointer { k in
        guard tokens > 0, let q = q.baseAddress, let k = k.baseAddress else { return }
        let operands = Operands(queries: q, keys: k, values: nil, context: nil, tokens: tokens)
        run(operands, readers, workers)
      }
    }
    return readers.results()
  }

  private struct Operands {
    let queries: UnsafePointer<Float>
    let keys: UnsafePointer<Float>
    let values: UnsafePointer<Float>?
    let context: UnsafeMutablePointer<Float>?
    let tokens: Int
  }

  private func run(_ operands: Operands, _ readers: TapReaders, _ workers: Workers) {
    guard let narrow else {
      workers.forEach(heads) { head in run(head: head, operands, readers) }
      return
    }
    let tokens = operands.tokens
    workers.forEach(heads, lane: { narrow.makeLane(rows: tokens, positions: tokens) }) { lane, head in
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
      keys: operands.keys + offset, values: operands.values.map { $0 + offset }, stride: width, positions: tokens)
    for start in stride(from: 0, to: tokens, by: narrow.tileRows) {
      let rows = start..<min(start + narrow.tileRows, tokens)
      let tile = narrow.scores(
        operands.queries + rows.lowerBound * width + offset, stride: width, rows: rows.count,
        scale: 1 / Float(headWidth).squareRoot(), packed, visible: tokens, in: lane)
      readers.read(tile.scores, scale: .logits, stride: tile.stride, head: head, queries: rows)
      for (row, query) in rows.enumerated() {
        tile.softmax(row: row, seen: tokens, keeping: readers.needAttention(of: query))
      }
      readers.read(tile.scores, scale: .softmax, stride: tile.stride, head: head, queries: rows)
      guard let context = operands.context else { continue }
      tile.context(packed, into: context + rows.lowerBound * width + offset, stride: width)
    }
  }

  private func run(head: Int, _ operands: Operands, _ readers: TapReaders) {
    let tokens = operands.tokens
    let width = heads * headWidth
    let offset = head * headWidth
    let scores = UnsafeMutablePointer<Float>.allocate(capacity: min(Self.tileRows, tokens) * tokens)
    defer { scores.deallocate() }
    for start in stride(from: 0, to: tokens, by: Self.tileRows) {
      let rows = start..<min(start + Self.tileRows, tokens)
      OpenBLAS.multiplyTransposed(
        .init(start: operands.queries + rows.lowerBound * width + offset, stride: width),
        .init(start: operands.keys + offset, stride: width), into: scores, outputStride: tokens, rows: rows.count,
        columns: tokens, inner: headWidth, scale: 1 / Float(headWidth).squareRoot())
      readers.read(scores, scale: .logits, stride: tokens, head: head, queries: rows)
      for row in 0..<rows.count { VectorMath.softmax(scores + row * tokens, count: tokens) }
      readers.read(scores, scale: .softmax, stride: tokens, head: head, queries: rows)
      guard let values = operands.values, let context = operands.context else { continue }
      OpenBLAS.multiply(
        .init(start: scores, stride: tokens), .init(start: values + offset, stride: width),
        into: context + rows.lowerBound * width + offset, outputStride: width, rows: rows.count, columns: headWidth,
        inner: tokens)
    }
  }
}
