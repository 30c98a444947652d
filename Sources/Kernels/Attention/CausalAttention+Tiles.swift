/// Attention in Float32, through OpenBLAS, whose order of sums depends on a product's shape. So that a prompt has the
/// same numbers however it is cut, tiles lie at multiples of their size in the whole sequence, and products have the
/// shapes of whole tiles: what is not there is zero.
extension CausalAttention {
  /// Positions of a tile, which a thread takes at a time.
  private static let tileRows = 64

  func runTiles(_ operands: Operands, _ workers: Workers) {
    let size = Self.tileRows
    let tiles = operands.past / size..<(operands.past + operands.rows + size - 1) / size
    let room = size * (tiles.upperBound * size + 4 * headWidth)
    workers.forEach(heads * tiles.count, lane: { FloatLane(room, workers.workspaces) }) { lane, item in
      // Longest tiles first, so that threads finish together.
      let tile = Tile(tiles.upperBound - 1 - item / heads, headWidth: headWidth, memory: lane.scores.elements)
      run(tile, head: item % heads, operands)
    }
  }

  /// One tile's place and memory: the sizes of its products depend on nothing but its number.
  private struct Tile {
    let start: Int
    /// [size, start + size].
    let scores: SharedSpan<Float>
    /// [size, headWidth] each.
    let queries: SharedSpan<Float>
    let keys: SharedSpan<Float>
    let values: SharedSpan<Float>
    let context: SharedSpan<Float>

    init(_ number: Int, headWidth: Int, memory: SharedSpan<Float>) {
      let size = CausalAttention.tileRows
      start = number * size
      let (scored, each) = (size * (start + size), size * headWidth)
      func part(_ index: Int) -> SharedSpan<Float> {
        memory.part(scored + index * each..<scored + (index + 1) * each)
      }
      scores = memory.part(0..<scored)
      (queries, keys, values, context) = (part(0), part(1), part(2), part(3))
    }

    /// Scores of the positions before the tile, or of its own.
    func scores(ofOwn own: Bool) -> Block {
      let (size, width) = (CausalAttention.tileRows, start + CausalAttention.tileRows)
      return Block(scores, from: own ? start : 0, stride: width, rows: size, count: own ? size : start)
    }
  }

  private func run(_ tile: Tile, head: Int, _ operands: Operands) {
    let (size, width, start) = (Self.tileRows, heads * headWidth, tile.start)
    let shared = head / (heads / keyValueHeads)
    let filled = operands.past + operands.rows
    // In the whole sequence.
    let rows = max(start, operands.past)..<min(start + size, filled)
    for (row, place) in rows.enumerated() {
      let from = (place - operands.past) * width + head * headWidth
      Self.copy(
        operands.queries[from..<from + headWidth], to: tile.queries, at: (rows.lowerBound - start + row) * headWidth)
    }
    let asked = (rows.lowerBound - start) * headWidth..<(rows.upperBound - start) * headWidth
    Self.clear(tile.queries, outside: asked)
    let own = slab(shared, operands, positions: min(start + size, filled)).dropFirst(start * headWidth)
    for (cached, copy) in [(operands.keys, tile.keys), (operands.values, tile.values)] {
      Self.copy(cached[own.startIndex..<own.endIndex], to: copy, at: 0)
      Self.clear(copy, outside: 0..<own.count)
    }
    let before = slab(shared, operands, positions: start)
    let scale = 1 / Float(headWidth).squareRoot()
    func score(_ keys: UnsafeBufferPointer<Float>, into scores: Block) {
      OpenBLAS.multiplyTransposed(
        .init(elements: tile.queries.all, stride: headWidth), .init(elements: keys, stride: headWidth), into: scores,
        inner: headWidth, scale: scale)
    }
    if start > 0 { score(operands.keys[before], into: tile.scores(ofOwn: false)) }
    score(tile.keys.all, into: tile.scores(ofOwn: true))
    for place in rows {
      let row = tile.scores.writable((place - start) * (start + size)..<(place - start + 1) * (start + size))
      VectorMath.softmax(UnsafeMutableBufferPointer(rebasing: row[...place]))
      UnsafeMutableBufferPointer(rebasing: row[(place + 1)...]).update(repeating: 0)
    }
    let context = Block(tile.context, stride: headWidth, rows: size, count: headWidth)
    if start > 0 {
      OpenBLAS.multiply(
        .init(elements: tile.scores.all, stride: start + size),
        .init(elements: operands.values[before], stride: headWidth), into: context, inner: start)
    }
    OpenBLAS.multiply(
      .init(elements: tile.scores[start..<tile.scores.count], stride: start + size),
      .init(elements: tile.values.all, stride: headWidth), into: context, inner: size, accumulate: start > 0)
    for place in rows {
      let from = (place - start) * headWidth
      Self.copy(
        tile.context[from..<from + headWidth], to: operands.context,
        at: (place - operands.past) * width + head * headWidth)
    }
  }

  private static func copy(_ source: UnsafeBufferPointer<Float>, to memory: SharedSpan<Float>, at place: Int) {
    _ = memory.writable(place..<place + source.count).update(fromContentsOf: source)
  }

  private static func clear(_ memory: SharedSpan<Float>, outside kept: Range<Int>) {
    memory.writable(0..<kept.lowerBound).update(repeating: 0)
    memory.writable(kept.upperBound..<memory.count).update(repeating: 0)
  }
}
