/// Bidirectional multi-head attention over one view, with taps: over the whole sequence, or inside segments of it
/// (windows). One tile of query rows of one head is in memory at a time: scores, softmax in place, evidence, second
/// product, all while the tile is hot.
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
  /// - Parameters:
  ///   - segments: adjacent parts that cover the sequence and attend to themselves alone; nil: one part.
  ///   - offsets: added to every query's scaled logits, one a key; nil: nothing. Taps see the sums.
  /// - Returns: the value of each tap in `taps`. Maps are zero outside the segments.
  public func apply(
    queries: Span<Float>, keys: Span<Float>, values: Span<Float>, tokens: Int, segments: [Range<Int>]? = nil,
    offsets: [Float]? = nil, into context: inout MutableSpan<Float>, taps: Set<AttentionTap> = [], workers: Workers
  ) -> [AttentionTap: TapValue] {
    let size = tokens * heads * headWidth
    let segments = segments ?? [0..<tokens]
    precondition(Self.cover(segments, tokens), "segments are adjacent and cover the sequence")
    precondition(offsets.map { $0.count == tokens } ?? true, "one offset a key")
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
              context: SharedSpan(writing: out), tokens: tokens, segments: segments, offsets: offsets)
            run(operands, readers, workers)
          }
        }
      }
    }
    return readers.results()
  }

  /// The taps of a block whose output is not used: its maps alone, without the second product.
  /// - Parameter offsets: as in `apply`.
  public func taps(
    queries: Span<Float>, keys: Span<Float>, tokens: Int, offsets: [Float]? = nil, taps: Set<AttentionTap>,
    workers: Workers
  ) -> [AttentionTap: TapValue] {
    let size = tokens * heads * headWidth
    precondition(offsets.map { $0.count == tokens } ?? true, "one offset a key")
    precondition(queries.count >= size && keys.count >= size, "attention operands are [tokens, heads · headWidth]")
    let readers = TapReaders(taps, heads: heads, tokens: tokens, prefix: prefix)
    queries.withUnsafeBufferPointer { q in
      keys.withUnsafeBufferPointer { k in
        guard tokens > 0 else { return }
        let operands = Operands(
          queries: SharedSpan(reading: q), keys: SharedSpan(reading: k), values: nil, context: nil, tokens: tokens,
          segments: [0..<tokens], offsets: offsets)
        run(operands, readers, workers)
      }
    }
    return readers.results()
  }

  private static func cover(_ segments: [Range<Int>], _ tokens: Int) -> Bool {
    segments.first?.lowerBound ?? 0 == 0 && segments.last?.upperBound ?? 0 == tokens
      && zip(segments, segments.dropFirst()).allSatisfy { $0.upperBound == $1.lowerBound }
  }

  private struct Operands: Sendable {
    let queries: SharedSpan<Float>
    let keys: SharedSpan<Float>
    let values: SharedSpan<Float>?
    let context: SharedSpan<Float>?
    let tokens: Int
    let segments: [Range<Int>]
    /// One a key.
    let offsets: [Float]?

    /// Tokens of the longest segment.
    var longest: Int { segments.reduce(0) { max($0, $1.count) } }

    /// Adds the offsets of a segment's keys to scores [queries, keys of the segment].
    func addOffsets(to scores: Block, of segment: Range<Int>) {
      offsets?.withUnsafeBufferPointer { offsets in
        let own = UnsafeBufferPointer(rebasing: offsets[segment])
        for row in 0..<scores.rows { VectorMath.add(own, to: scores[row]) }
      }
    }
  }

  /// All heads of one segment come before the next: they read the same rows.
  private func run(_ operands: Operands, _ readers: TapReaders, _ workers: Workers) {
    let items = operands.segments.count * heads
    let longest = operands.longest
    guard let narrow else {
      let room = min(Self.tileRows, longest) * longest
      workers.forEach(items, lane: { FloatLane(room, workers.workspaces) }) { lane, item in
        run(operands.segments[item / heads], head: item % heads, operands, readers, lane.scores.elements)
      }
      return
    }
    let hasValues = operands.values != nil
    workers.forEach(
      items,
      lane: {
        NarrowLane(
          tiles: narrow.makeLane(rows: longest, positions: longest, workspaces: workers.workspaces),
          head: narrow.makeHead(positions: longest, withValues: hasValues, workspaces: workers.workspaces))
      }
    ) { lane, item in
      run(operands.segments[item / heads], head: item % heads, operands, readers, narrow, lane)
    }
  }

  /// One thread's memory for attention in bfloat16.
  private struct NarrowLane {
    let tiles: NarrowAttention.Lane
    /// The keys and values of one head in one segment: packed anew for each.
    let head: NarrowAttention.Head
  }

  private func run(
    _ segment: Range<Int>, head: Int, _ operands: Operands, _ readers: TapReaders, _ narrow: NarrowAttention,
    _ lane: NarrowLane
  ) {
    let width = heads * headWidth
    func source(_ operand: SharedSpan<Float>, _ rows: Range<Int>) -> PackingMath.Source {
      PackingMath.Source(
        operand[rows.lowerBound * width + head * headWidth..<operand.count], stride: width, rows: rows.count,
        columns: headWidth)
    }
    lane.head.pack(keys: source(operands.keys, segment), values: operands.values.map { source($0, segment) })
    for start in stride(from: segment.lowerBound, to: segment.upperBound, by: narrow.tileRows) {
      let rows = start..<min(start + narrow.tileRows, segment.upperBound)
      let tile = narrow.scores(
        source(operands.queries, rows), scale: 1 / Float(headWidth).squareRoot(), lane.head, visible: segment.count,
        in: lane.tiles)
      let scores = tile.scores
      operands.addOffsets(to: scores, of: segment)
      readers.read(scores.start, scale: .logits, stride: scores.stride, head: head, queries: rows, keys: segment)
      for (row, query) in rows.enumerated() {
        tile.softmax(row: row, seen: segment.count, keeping: readers.needAttention(of: query))
      }
      readers.read(scores.start, scale: .softmax, stride: scores.stride, head: head, queries: rows, keys: segment)
      guard let context = operands.context else { continue }
      tile.context(
        lane.head,
        into: Block(
          context, from: rows.lowerBound * width + head * headWidth, stride: width, rows: rows.count,
          count: headWidth))
    }
  }

  private func run(
    _ segment: Range<Int>, head: Int, _ operands: Operands, _ readers: TapReaders, _ memory: SharedSpan<Float>
  ) {
    let (width, seen) = (heads * headWidth, segment.count)
    func operand(_ span: SharedSpan<Float>, from row: Int) -> OpenBLAS.Operand {
      .init(elements: span[row * width + head * headWidth..<span.count], stride: width)
    }
    for start in stride(from: segment.lowerBound, to: segment.upperBound, by: Self.tileRows) {
      let rows = start..<min(start + Self.tileRows, segment.upperBound)
      let scores = Block(memory, stride: seen, rows: rows.count, count: seen)
      OpenBLAS.multiplyTransposed(
        operand(operands.queries, from: start), operand(operands.keys, from: segment.lowerBound), into: scores,
        inner: headWidth, scale: 1 / Float(headWidth).squareRoot())
      operands.addOffsets(to: scores, of: segment)
      readers.read(scores.start, scale: .logits, stride: seen, head: head, queries: rows, keys: segment)
      for row in 0..<rows.count { VectorMath.softmax(scores[row]) }
      readers.read(scores.start, scale: .softmax, stride: seen, head: head, queries: rows, keys: segment)
      guard let values = operands.values, let context = operands.context else { continue }
      OpenBLAS.multiply(
        .init(elements: memory.all, stride: seen), operand(values, from: segment.lowerBound),
        into: Block(
          context, from: start * width + head * headWidth, stride: width, rows: rows.count, count: headWidth),
        inner: seen)
    }
  }
}

/// One thread's scores in Float32.
final class FloatLane {
  let scores: Workspace<Float>

  init(_ count: Int, _ workspaces: WorkspacePool) { scores = workspaces.take(count) }
}
