/// Attention's two products in bfloat16, for models that compute in a narrow format anyway: in Float32 these two would
/// take as long as the int8 layers around them. Scores, softmax and sums stay Float32.
struct NarrowAttention: Sendable {
  private let engine: ProductEngine
  private let isFused: Bool
  let headWidth: Int

  /// Nil when the CPU has no such products.
  init?(_ engine: ProductEngine, headWidth: Int) {
    guard engine.isNative(.bf16) else { return nil }
    self.engine = engine
    isFused = engine.isFused(.bf16, rows: 2)
    self.headWidth = headWidth
  }

  /// Query rows of a tile. Our own kernels take a few groups, so that few scores are computed past the last key that a
  /// row sees. A library call costs more, so it takes more rows: 64 rows of 577 scores fit a second-level cache.
  var tileRows: Int { isFused ? 4 * FusedProducts.groupRows : 64 }

  /// Query rows that a thread takes at a time: whole tiles, and enough of them that handing them out costs next to
  /// nothing.
  var itemRows: Int { isFused ? 3 * tileRows : tileRows }

  /// One thread's memory for tiles of at most `tileRows` of `rows` queries over at most `positions` keys.
  func makeLane(rows: Int, positions: Int, workspaces: WorkspacePool) -> Lane {
    // A single row is computed as several are.
    Lane(
      engine, rows: min(max(rows, 2), tileRows), positions: positions, headWidth: headWidth, workspaces: workspaces)
  }

  /// Memory for at most `positions` of one head's keys and values; no values when only scores are wanted.
  func makeHead(positions: Int, withValues: Bool, workspaces: WorkspacePool) -> Head {
    Head(
      positions: positions, headWidth: headWidth, withValues: withValues, isFused: isFused, workspaces: workspaces)
  }

  /// scores [rows, visible] = scale · queries · keysᵀ for the first `visible` keys, of queries [rows, headWidth].
  func scores(
    _ queries: PackingMath.Source, scale: Float, _ head: Head, visible: Int, in lane: Lane
  ) -> Tile {
    let padded = PackedWeights.paddedInputs(.bf16, headWidth)
    let narrowed = lane.queries.elements.writable(0..<queries.rows * padded)
    PreparedRows.narrow(queries, scale: scale, padded: padded, into: narrowed)
    let distance = Self.scoreStride(visible)
    let block = Block(
      lane.scores.elements, stride: distance, rows: queries.rows, count: isFused ? visible : distance)
    // Our own kernels read pairs of channels, and no padding: heads of 80 channels are padded to 96.
    let inner = isFused ? (headWidth + 1) / 2 * 2 : padded
    lane.multiply(
      UnsafeBufferPointer(narrowed), stride: padded, inner: inner, head.keys.elements.all,
      panelStride: padded * PackedWeights.panelWidth, scales: nil, into: block)
    return Tile(lane: lane, rows: queries.rows, visible: visible, headWidth: headWidth)
  }

  /// Positions rounded up to whole panels: the distance between rows of scores.
  private static func scoreStride(_ positions: Int) -> Int {
    PackedWeights.panelCount(positions) * PackedWeights.panelWidth
  }

  /// A few queries' scores over the first `visible` positions, in a lane's memory: valid until the lane's next tile.
  struct Tile {
    fileprivate let lane: Lane
    let rows: Int
    let visible: Int
    fileprivate let headWidth: Int

    /// [rows, visible].
    var scores: Block {
      Block(lane.scores.elements, stride: NarrowAttention.scoreStride(visible), rows: rows, count: visible)
    }
    private var padded: Int { PackedWeights.paddedInputs(.bf16, visible) }

    /// Writes the softmax of row `row` over its first `seen` positions to the lane's `weights`, with zeros after them.
    /// The row's common factor stays apart, in the lane's `shares`. When `keeping`, `scores` gets the complete softmax.
    func softmax(row: Int, seen: Int, keeping: Bool = false) {
      let share = lane.softmax(
        UnsafeMutableBufferPointer(rebasing: scores[row][..<seen]), keeping: keeping,
        into: lane.weights.elements.writable(row * padded..<(row + 1) * padded))
      lane.shares.elements.writable(row..<row + 1)[0] = share
    }

    /// context [rows, headWidth] = softmax · values.
    func context(_ head: Head, into context: Block) {
      lane.multiply(
        lane.weights.elements[0..<rows * padded], stride: padded,
        inner: lane.isFused ? (visible + 1) / 2 * 2 : padded, head.values.elements.all,
        panelStride: head.valuePanel, scales: lane.shares.elements.all, into: context)
    }
  }

  /// One thread's memory.
  final class Lane {
    fileprivate let queries: Workspace<UInt16>
    fileprivate let scores: Workspace<Float>
    /// The softmax, up to a factor per row, which is in `shares`.
    fileprivate let weights: Workspace<UInt16>
    fileprivate let shares: Workspace<Float>
    private let sums: Workspace<Float>
    /// Nil when our own kernels multiply.
    private let library: (OneDNN, OneDNN.Lane)?
    fileprivate var isFused: Bool { library == nil }

    fileprivate init(
      _ engine: ProductEngine, rows: Int, positions: Int, headWidth: Int, workspaces: WorkspacePool
    ) {
      queries = workspaces.take(rows * PackedWeights.paddedInputs(.bf16, headWidth))
      scores = workspaces.take(rows * NarrowAttention.scoreStride(positions))
      weights = workspaces.take(rows * NarrowAttention.scoreStride(positions))
      shares = workspaces.take(rows)
      library = engine.isFused(.bf16, rows: rows) ? nil : engine.libraryLane(.bf16, workspaces)
      sums = workspaces.take(library == nil ? 0 : rows * PackedWeights.panelWidth)
      precondition(library != nil || engine.isFused(.bf16, rows: rows), "what is native has kernels")
    }

    /// - Returns: the factor that the narrowed weights must still be multiplied by.
    fileprivate func softmax(
      _ row: UnsafeMutableBufferPointer<Float>, keeping: Bool, into narrowed: UnsafeMutableBufferPointer<UInt16>
    ) -> Float {
      guard library != nil else { return FusedProducts.softmax(row, keeping: keeping, narrowedInto: narrowed) }
      VectorMath.softmax(row, keeping: keeping, narrowedInto: narrowed)
      return 1
    }

    /// block = rows [block.rows, stride] · panels of `inner` channels, `panelStride` values apart.
    /// - Parameters:
    ///   - inner: even; the library reads whole rows.
    ///   - scales: one per row of the product; all 1 with the library.
    fileprivate func multiply(
      _ rows: UnsafeBufferPointer<UInt16>, stride: Int, inner: Int, _ panels: UnsafeBufferPointer<UInt16>,
      panelStride: Int, scales: UnsafeBufferPointer<Float>?, into block: Block
    ) {
      guard let (library, lane) = library else {
        FusedProducts.multiply(
          bf16: rows, stride: stride, inner: inner, panels, panelStride: panelStride, scales: scales, into: block)
        return
      }
      func multiply(_ columns: Int, panel: Int, into destination: UnsafeMutableBufferPointer<Float>) {
        let shape = OneDNN.Shape(format: .bf16, rows: block.rows, inner: inner, columns: columns)
        let done = library.multiply(
          shape, source: UnsafeRawBufferPointer(rows),
          weights: UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: panels[(panel * panelStride)...])),
          into: UnsafeMutableRawBufferPointer(destination), on: lane)
        precondition(done, "oneDNN multiplies what it has a kernel for")
      }
      let width = PackedWeights.panelWidth
      // Adjacent panels and results without gaps need only one call.
      if panelStride == inner * width, block.stride == block.count, block.count % width == 0 {
        multiply(
          block.count, panel: 0,
          into: UnsafeMutableBufferPointer(start: block.start, count: block.rows * block.stride))
        return
      }
      for panel in 0..<PackedWeights.panelCount(block.count) {
        multiply(width, panel: panel, into: sums.elements.writable(0..<block.rows * width))
        let first = panel * width
        let columns = first..<min(first + width, block.count)
        for row in 0..<block.rows {
          _ = UnsafeMutableBufferPointer(rebasing: block[row][columns])
            .update(fromContentsOf: sums.elements[row * width..<row * width + columns.count])
        }
      }
    }
  }

  /// One head's keys and values, packed by one thread and then read by all. It can be packed again.
  final class Head: Sendable {
    fileprivate let keys: Workspace<UInt16>
    fileprivate let values: Workspace<UInt16>
    /// Elements of one panel of values. Inner positions come in pairs, so any even number of leading positions can be
    /// read alone.
    fileprivate let valuePanel: Int
    private let isFused: Bool

    fileprivate init(
      positions: Int, headWidth: Int, withValues: Bool, isFused: Bool, workspaces: WorkspacePool
    ) {
      let width = PackedWeights.panelWidth
      keys = workspaces.take(
        PackedWeights.panelCount(positions) * width * PackedWeights.paddedInputs(.bf16, headWidth))
      valuePanel = PackedWeights.paddedInputs(.bf16, positions) * width
      values = workspaces.take(withValues ? PackedWeights.panelCount(headWidth) * valuePanel : 0)
      self.isFused = isFused
    }

    /// Packs [positions, headWidth] each as the right operands of the two products.
    func pack(keys: PackingMath.Source, values: PackingMath.Source?) {
      let width = PackedWeights.panelWidth
      let padded = PackedWeights.paddedInputs(.bf16, keys.columns)
      // Both ways write the same bytes, except for denormal numbers, which the product treats as zero.
      for panel in 0..<PackedWeights.panelCount(keys.rows) {
        let part = keys.rows(panel * width..<min((panel + 1) * width, keys.rows))
        let place = self.keys.elements.writable(panel * width * padded..<(panel + 1) * width * padded)
        if isFused {
          FusedProducts.packBF16(part, padded: padded, place)
        } else {
          PackingMath.packBF16(part, padded: padded, place)
        }
      }
      guard let values else { return }
      let inner = valuePanel / width
      for panel in 0..<PackedWeights.panelCount(values.columns) {
        let part = values.columns(panel * width..<min((panel + 1) * width, values.columns))
        let place = self.values.elements.writable(panel * valuePanel..<(panel + 1) * valuePanel)
        if isFused {
          FusedProducts.packBF16(transposed: part, padded: inner, place)
        } else {
          PackingMath.packBF16(transposed: part, padded: inner, place)
        }
      }
    }
  }
}
