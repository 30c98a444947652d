/// Attention's two products in bfloat16, where the model computes in a narrow format anyway: in Float32 they alone would take as
/// long as the int8 layers around them. Scores, softmax and sums stay Float32.
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

  /// Query rows of a tile. Our own kernels take a few groups: few scores are computed right of what these see. A call of the
  /// library costs more: 64 rows of 577 scores fit a second-level cache.
  var tileRows: Int { isFused ? 4 * FusedProducts.groupRows : 64 }

  /// Query rows that a thread takes at a time: whole tiles, and enough of them that taking costs nothing beside.
  var itemRows: Int { isFused ? 3 * tileRows : tileRows }

  /// One thread's memory for tiles of at most `tileRows` of `rows` queries over at most `positions` keys.
  func makeLane(rows: Int, positions: Int) -> Lane {
    Lane(engine, rows: min(rows, tileRows), positions: positions, headWidth: headWidth)
  }

  /// Keys and values of one head, packed as the right operands of the two products.
  /// - Parameters:
  ///   - keys: [positions, headWidth], `stride` values between rows; values likewise, or nil when only scores are wanted.
  func pack(
    keys: UnsafePointer<Float>, values: UnsafePointer<Float>?, stride: Int, positions: Int
  ) -> Head {
    Head(
      keys: keys, values: values, stride: stride, positions: positions, headWidth: headWidth, isFused: isFused)
  }

  /// scores [rows, visible] = scale · queries · keysᵀ for the first `visible` keys.
  /// - Parameter queries: [rows, headWidth], `stride` values between rows.
  func scores(
    _ queries: UnsafePointer<Float>, stride: Int, rows: Int, scale: Float, _ head: Head, visible: Int, in lane: Lane
  ) -> Tile {
    let padded = PackedWeights.paddedInputs(.bf16, headWidth)
    PreparedRows.narrow(queries, stride: stride, rows: rows, scale: scale, headWidth, padded, lane.queries)
    let distance = Self.scoreStride(visible)
    let block = PackingMath.Block(
      start: lane.scores, stride: distance, rows: rows, count: isFused ? visible : distance)
    lane.multiply(
      lane.queries, stride: padded, inner: padded, head.keys, panelStride: padded * PackedWeights.panelWidth,
      scales: nil, into: block)
    return Tile(lane: lane, rows: rows, visible: visible, headWidth: headWidth)
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

    /// [rows, stride].
    var scores: UnsafeMutablePointer<Float> { lane.scores }
    var stride: Int { NarrowAttention.scoreStride(visible) }
    private var padded: Int { PackedWeights.paddedInputs(.bf16, visible) }

    /// Row `row` ← its softmax over the first `seen` positions, but for the factor in the lane's `shares`, and zero behind them; in
    /// `scores` whole, when `keeping`.
    func softmax(row: Int, seen: Int, keeping: Bool = false) {
      lane.shares[row] = lane.softmax(
        scores + row * stride, count: seen, keeping: keeping, padded: padded, into: lane.weights + row * padded)
    }

    /// context [rows, headWidth] = softmax · values, `stride` values between rows.
    func context(_ head: Head, into context: UnsafeMutablePointer<Float>, stride: Int) {
      let block = PackingMath.Block(start: context, stride: stride, rows: rows, count: headWidth)
      lane.multiply(
        lane.weights, stride: padded, inner: lane.isFused ? (visible + 1) / 2 * 2 : padded, head.values,
        panelStride: head.valuePanel, scales: lane.shares, into: block)
    }
  }

  /// One thread's memory.
  final class Lane {
    let queries: UnsafeMutablePointer<UInt16>
    let scores: UnsafeMutablePointer<Float>
    /// Of the softmax; what is missing of it is in `shares`, one a row.
    let weights: UnsafeMutablePointer<UInt16>
    let shares: UnsafeMutablePointer<Float>
    private let sums: UnsafeMutablePointer<Float>
    /// Nil: our own kernels multiply.
    private let library: (OneDNN, OneDNN.Lane)?
    fileprivate var isFused: Bool { library == nil }

    fileprivate init(_ engine: ProductEngine, rows: Int, positions: Int, headWidth: Int) {
      func room<Element>(_ count: Int) -> UnsafeMutablePointer<Element> {
        UnsafeMutableRawPointer.allocate(byteCount: max(count, 1) * MemoryLayout<Element>.stride, alignment: 64)
          .bindMemory(to: Element.self, capacity: max(count, 1))
      }
      queries = room(rows * PackedWeights.paddedInputs(.bf16, headWidth))
      scores = room(rows * NarrowAttention.scoreStride(positions))
      weights = room(rows * NarrowAttention.scoreStride(positions))
      shares = room(rows)
      sums = room(rows * PackedWeights.panelWidth)
      library = engine.isFused(.bf16, rows: rows) ? nil : engine.libraryLane(.bf16)
      precondition(library != nil || engine.isFused(.bf16, rows: rows), "what is native has kernels")
    }

    deinit {
      queries.deallocate()
      scores.deallocate()
      weights.deallocate()
      shares.deallocate()
      sums.deallocate()
    }

    /// - Returns: what the narrowed weights are still to be multiplied with.
    fileprivate func softmax(
      _ row: UnsafeMutablePointer<Float>, count: Int, keeping: Bool, padded: Int,
      into narrowed: UnsafeMutablePointer<UInt16>
    ) -> Float {
      guard library != nil else {
        return FusedProducts.softmax(row, count: count, keeping: keeping, padded: padded, narrowedInto: narrowed)
      }
      VectorMath.softmax(row, count: count, keeping: keeping, padded: padded, narrowedInto: narrowed)
      return 1
    }

    /// block = rows [block.rows, stride] · panels of `inner` channels, `panelStride` values apart.
    /// - Parameters:
    ///   - inner: even; the library reads whole rows.
    ///   - scales: of the product's rows; the library's are 1.
    fileprivate func multiply(
      _ rows: UnsafePointer<UInt16>, stride: Int, inner: Int, _ panels: UnsafePointer<UInt16>, panelStride: Int,
      scales: UnsafePointer<Float>?, into block: PackingMath.Block
    ) {
      guard let (library, lane) = library else {
        FusedProducts.multiply(
          bf16: rows, stride: stride, inner: inner, panels, panelStride: panelStride, scales: scales, into: block)
        return
      }
      func multiply(_ columns: Int, panel: Int, into destination: UnsafeMutablePointer<Float>) {
        let shape = OneDNN.Shape(format: .bf16, rows: block.rows, inner: inner, columns: columns)
        let done = library.multiply(
          shape, source: rows, weights: panels + panel * panelStride, into: destination, on: lane)
        precondition(done, "oneDNN multiplies what it has a kernel for")
      }
      let width = PackedWeights.panelWidth
      // What lies close together needs one call.
      if panelStride == inner * width, block.stride == block.count, block.count % width == 0 {
        multiply(block.count, panel: 0, into: block.start)
        return
      }
      for panel in 0..<PackedWeights.panelCount(block.count) {
        multiply(width, panel: panel, into: sums)
        let count = min(width, block.count - panel * width)
        for row in 0..<block.rows {
          (block.start + row * block.stride + panel * width).update(from: sums + row * width, count: count)
        }
      }
    }
  }

  /// Unchecked because of the pointers: written once, in init.
  final class Head: @unchecked Sendable {
    let keys: UnsafeMutablePointer<UInt16>
    let values: UnsafeMutablePointer<UInt16>
    /// Elements of one panel of values: inner positions come in pairs, so every even number of positions can be read alone.
    let valuePanel: Int

    fileprivate init(
      keys: UnsafePointer<Float>, values: UnsafePointer<Float>?, stride: Int, positions: Int, headWidth: Int,
      isFused: Bool
    ) {
      // Both write the same, but for denormal numbers, which the product takes for zero.
      let pack = isFused ? FusedProducts.packBF16(_:stride:_:_:_:_:) : PackingMath.packBF16(_:stride:_:_:_:_:)
      let packTransposed =
        isFused ? FusedProducts.packBF16(transposed:stride:_:_:_:_:) : PackingMath.packBF16(transposed:stride:_:_:_:_:)
      let width = PackedWeights.panelWidth
      let padded = PackedWeights.paddedInputs(.bf16, headWidth)
      let panels = PackedWeights.panelCount(positions)
      self.keys = Self.room(panels * width * padded)
      for panel in 0..<panels {
        let columns = min(width, positions - panel * width)
        pack(
          keys + panel * width * stride, stride, columns, headWidth, padded, self.keys + panel * width * padded)
      }
      let inner = PackedWeights.paddedInputs(.bf16, positions)
      valuePanel = inner * width
      self.values = Self.room(values == nil ? 1 : PackedWeights.panelCount(headWidth) * valuePanel)
      guard let values else { return }
      for panel in 0..<PackedWeights.panelCount(headWidth) {
        packTransposed(
          values + panel * width, stride, min(width, headWidth - panel * width), positions, inner,
          self.values + panel * valuePanel)
      }
    }

    deinit {
      keys.deallocate()
      values.deallocate()
    }

    private static func room(_ count: Int) -> UnsafeMutablePointer<UInt16> {
      UnsafeMutableRawPointer.allocate(byteCount: count * 2, alignment: 64).bindMemory(to: UInt16.self, capacity: count)
    }
  }
}
