/// Attention's two products in bfloat16, where the model computes in a narrow format anyway: in Float32 they alone would take as
/// long as the int8 layers around them. Scores, softmax and sums stay Float32.
struct NarrowAttention: Sendable {
  private let library: OneDNN
  let headWidth: Int

  /// Nil when the CPU has no such products.
  init?(_ engine: ProductEngine, headWidth: Int) {
    guard engine.isNative(.bf16), let library = engine.library else { return nil }
    self.library = library
    self.headWidth = headWidth
  }

  /// One thread's memory for tiles of `rows` queries over at most `positions` keys.
  func makeLane(rows: Int, positions: Int) -> Lane {
    Lane(library, rows: rows, positions: positions, headWidth: headWidth)
  }

  /// Keys and values of one head, packed as the right operands of the two products.
  /// - Parameters:
  ///   - keys: [positions, headWidth], `stride` values between rows; values likewise, or nil when only scores are wanted.
  func pack(
    keys: UnsafePointer<Float>, values: UnsafePointer<Float>?, stride: Int, positions: Int
  ) -> Head {
    Head(keys: keys, values: values, stride: stride, positions: positions, headWidth: headWidth)
  }

  /// Positions rounded up to whole panels: the distance between rows of scores.
  static func scoreStride(_ positions: Int) -> Int { PackedWeights.panelCount(positions) * PackedWeights.panelWidth }

  /// scores [rows, scoreStride(visible)] = scale · queries · keysᵀ for the first `visible` keys.
  /// - Parameter queries: [rows, headWidth], `stride` values between rows.
  func scores(
    _ queries: UnsafePointer<Float>, stride: Int, rows: Int, scale: Float, _ head: Head, visible: Int, in lane: Lane
  ) -> UnsafeMutablePointer<Float> {
    let padded = PackedWeights.paddedInputs(.bf16, headWidth)
    for row in 0..<rows {
      PackingMath.narrow(queries + row * stride, scale: scale, headWidth, padded, lane.queries + row * padded)
    }
    let shape = OneDNN.Shape(format: .bf16, rows: rows, inner: padded, columns: Self.scoreStride(visible))
    run(shape, lane.queries, head.keys, into: lane.scores, lane)
    return lane.scores
  }

  /// context [rows, headWidth] = scores · values, `stride` values between rows; the scores of the first `visible` positions count.
  func context(
    _ head: Head, rows: Int, visible: Int, into context: UnsafeMutablePointer<Float>, stride: Int, in lane: Lane
  ) {
    let distance = Self.scoreStride(visible)
    let padded = PackedWeights.paddedInputs(.bf16, visible)
    for row in 0..<rows {
      PackingMath.narrow(lane.scores + row * distance, visible, padded, lane.weights + row * padded)
    }
    let width = PackedWeights.panelWidth
    for panel in 0..<PackedWeights.panelCount(headWidth) {
      let shape = OneDNN.Shape(format: .bf16, rows: rows, inner: padded, columns: width)
      run(shape, lane.weights, head.values + panel * head.valuePanel, into: lane.sums, lane)
      let count = min(width, headWidth - panel * width)
      for row in 0..<rows {
        (context + row * stride + panel * width).update(from: lane.sums + row * width, count: count)
      }
    }
  }

  private func run(
    _ shape: OneDNN.Shape, _ source: UnsafePointer<UInt16>, _ weights: UnsafePointer<UInt16>,
    into destination: UnsafeMutablePointer<Float>, _ lane: Lane
  ) {
    guard let stream = lane.stream else { preconditionFailure("oneDNN makes streams") }
    let done = library.multiply(shape, source: source, weights: weights, into: destination, on: stream)
    precondition(done, "oneDNN multiplies what it has a kernel for")
  }

  /// One thread's memory.
  final class Lane {
    let queries: UnsafeMutablePointer<UInt16>
    let scores: UnsafeMutablePointer<Float>
    let weights: UnsafeMutablePointer<UInt16>
    let sums: UnsafeMutablePointer<Float>
    fileprivate let stream: OneDNN.Lane?

    fileprivate init(_ library: OneDNN, rows: Int, positions: Int, headWidth: Int) {
      func room<Element>(_ count: Int) -> UnsafeMutablePointer<Element> {
        UnsafeMutableRawPointer.allocate(byteCount: max(count, 1) * MemoryLayout<Element>.stride, alignment: 64)
          .bindMemory(to: Element.self, capacity: max(count, 1))
      }
      queries = room(rows * PackedWeights.paddedInputs(.bf16, headWidth))
      scores = room(rows * NarrowAttention.scoreStride(positions))
      weights = room(rows * NarrowAttention.scoreStride(positions))
      sums = room(rows * PackedWeights.panelWidth)
      stream = library.makeLane()
    }

    deinit {
      queries.deallocate()
      scores.deallocate()
      weights.deallocate()
      sums.deallocate()
    }
  }

  /// Unchecked because of the pointers: written once, in init.
  final class Head: @unchecked Sendable {
    let keys: UnsafeMutablePointer<UInt16>
    let values: UnsafeMutablePointer<UInt16>
    /// Elements of one panel of values: inner positions come in pairs, so every even number of positions can be read alone.
    let valuePanel: Int

    fileprivate init(
      keys: UnsafePointer<Float>, values: UnsafePointer<Float>?, stride: Int, positions: Int, headWidth: Int
    ) {
      let width = PackedWeights.panelWidth
      let padded = PackedWeights.paddedInputs(.bf16, headWidth)
      let panels = PackedWeights.panelCount(positions)
      self.keys = Self.room(panels * width * padded)
      for panel in 0..<panels {
        let columns = min(width, positions - panel * width)
        PackingMath.packBF16(
          keys + panel * width * stride, stride: stride, columns, headWidth, padded,
          self.keys + panel * width * padded)
      }
      let inner = PackedWeights.paddedInputs(.bf16, positions)
      valuePanel = inner * width
      self.values = Self.room(values == nil ? 1 : PackedWeights.panelCount(headWidth) * valuePanel)
      guard let values else { return }
      for panel in 0..<PackedWeights.panelCount(headWidth) {
        PackingMath.packBF16(
          transposed: values + panel * width, stride: stride, min(width, headWidth - panel * width), positions, inner,
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
