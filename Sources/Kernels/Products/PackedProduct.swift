/// Products of the same rows with one or more packed matrices. Work is cut into stretches of outputs whose weights fit a core's
/// cache, and these into blocks of rows; each block's sums stay in cache until scales, bias, activation and residual have been
/// applied.
struct PackedProduct {
  /// Where one matrix's product goes.
  struct Target {
    let weights: PackedWeights
    let bias: WeightBuffer?
    /// [rows, outputs].
    let output: UnsafeMutablePointer<Float>
    var activation: Activation?
    var accumulate = false
    /// For gated layers: output = activation(product) · (product with these).
    var factor: (weights: PackedWeights, bias: WeightBuffer?)?
  }

  let engine: ProductEngine
  let targets: [Target]
  let rows: Int

  /// Rows of one block: 128 rows of 256 sums are 128 kB.
  private static let rowBlock = 128
  /// Weights of one stretch, in bytes: half of a usual second-level cache.
  private static let stretchBytes = 1 << 19

  private struct Item {
    let target: Int
    let panels: Range<Int>
  }

  /// input is [rows, inputs] of every target.
  func run(_ input: UnsafePointer<Float>, workers: Workers) {
    guard rows > 0, let model = targets.first?.weights else { return }
    precondition(
      targets.allSatisfy { $0.weights.format == model.format && $0.weights.inputs == model.inputs },
      "layers that share rows have one format")
    let prepared = PreparedRows(
      input, rows: rows, inputs: model.inputs, form: form(of: model.format), padded: model.paddedInputs,
      rotation: model.rotation, workers: workers)
    let rows = Rows(memory: prepared.memory, stride: prepared.stride, scales: prepared.scales)
    let items = items()
    let widest = items.map(\.panels.count).max() ?? 0
    workers.forEach(items.count, lane: { Lane(self, panels: widest, model: model) }) { lane, item in
      run(items[item], rows, lane)
    }
    withExtendedLifetime(prepared) {}
  }

  private func form(of format: NumberFormat) -> PreparedRows.Form {
    switch format {
    case .f32: .plain
    case .bf16: engine.isNative(.bf16) ? .bf16 : .plain
    case .int8: engine.isNative(.int8) ? .int8 : .rotated
    }
  }

  /// Stretches depend on shapes alone, never on the number of threads: so the same sums are taken in the same order, and answers
  /// are equal bit for bit however many threads work.
  private func items() -> [Item] {
    let total = targets.reduce(0) { $0 + $1.weights.panels }
    // Enough stretches for a dozen cores; fewer for a single row, where each costs more than it computes.
    let fair = max(1, total / (rows == 1 ? 8 : 16))
    var items: [Item] = []
    for (index, target) in targets.enumerated() {
      let size = max(1, min(Self.stretchBytes / max(1, target.weights.panelBytes), fair, 8))
      for start in stride(from: 0, to: target.weights.panels, by: size) {
        items.append(Item(target: index, panels: start..<min(start + size, target.weights.panels)))
      }
    }
    return items
  }

  private func run(_ item: Item, _ input: Rows, _ lane: Lane) {
    let target = targets[item.target]
    let width = item.panels.count * PackedWeights.panelWidth
    let first = item.panels.lowerBound * PackedWeights.panelWidth
    let columns = first..<min(first + width, target.weights.outputs)
    lane.load(target.weights, item.panels, into: 0)
    if let factor = target.factor { lane.load(factor.weights, item.panels, into: 1) }
    for start in stride(from: 0, to: rows, by: Self.rowBlock) {
      let block = start..<min(start + Self.rowBlock, rows)
      lane.multiply(input, block, target.weights, item.panels, slot: 0)
      if let factor = target.factor { lane.multiply(input, block, factor.weights, item.panels, slot: 1) }
      finish(block, columns, width, target, input, lane)
    }
  }

  private func finish(
    _ rows: Range<Int>, _ columns: Range<Int>, _ width: Int, _ target: Target, _ input: Rows, _ lane: Lane
  ) {
    let start = target.output + rows.lowerBound * target.weights.outputs + columns.lowerBound
    let output = PackingMath.Block(
      start: start, stride: target.weights.outputs, rows: rows.count, count: columns.count)
    let scales = input.scales.map { $0 + rows.lowerBound }
    Self.scale(
      lane.sums(0), width, target.weights, target.bias, columns, scales, output, accumulate: target.accumulate)
    if let factor = target.factor {
      let block = PackingMath.Block(start: lane.factors, stride: width, rows: rows.count, count: columns.count)
      Self.scale(lane.sums(1), width, factor.weights, factor.bias, columns, scales, block, accumulate: false)
    }
    guard target.activation != nil || target.factor != nil else { return }
    for row in 0..<rows.count {
      let place = start + row * output.stride
      if let activation = target.activation {
        VectorMath.apply(activation, to: UnsafeMutableBufferPointer(start: place, count: columns.count))
      }
      if target.factor != nil { VectorMath.multiply(place, by: lane.factors + row * width, count: columns.count) }
    }
  }

  /// - Parameter rowScales: of a product of integers; nil when it is one of floats.
  private static func scale(
    _ sums: UnsafeMutableRawPointer, _ width: Int, _ weights: PackedWeights, _ bias: WeightBuffer?,
    _ columns: Range<Int>, _ rowScales: UnsafePointer<Float>?, _ output: PackingMath.Block, accumulate: Bool
  ) {
    func finish(_ bias: UnsafePointer<Float>?) {
      if let rowScales {
        PackingMath.finish(
          int8: sums.assumingMemoryBound(to: Int32.self), stride: width, sums: weights.sums + columns.lowerBound,
          scales: weights.scales + columns.lowerBound, rowScales: rowScales, bias: bias, into: output,
          accumulate: accumulate)
      } else {
        PackingMath.finish(
          sums.assumingMemoryBound(to: Float.self), stride: width, bias: bias, into: output, accumulate: accumulate)
      }
    }
    guard let bias else { return finish(nil) }
    bias.withUnsafeElements { finish($0.baseAddress.map { $0 + columns.lowerBound }) }
  }

  /// The prepared rows.
  struct Rows {
    let memory: UnsafeRawPointer
    let stride: Int
    let scales: UnsafePointer<Float>?
  }

  /// One thread's memory: sums of two products, and for formats that the CPU cannot multiply the widened weights.
  final class Lane {
    let isNative: Bool
    /// The finished second product of gated layers, [rows of the block, width of the stretch].
    let factors: UnsafeMutablePointer<Float>
    private let library: OneDNN?
    private let stream: OneDNN.Lane?
    private let format: NumberFormat
    private let sumBytes: Int
    private let sums: UnsafeMutableRawPointer
    private let widened: UnsafeMutablePointer<Float>
    private let widenedCount: Int

    init(_ product: PackedProduct, panels: Int, model: PackedWeights) {
      format = model.format
      isNative = product.engine.isNative(model.format)
      library = product.engine.library
      stream = isNative ? library?.makeLane() : nil
      let width = panels * PackedWeights.panelWidth
      let slots = product.targets.contains { $0.factor != nil } ? 2 : 1
      sumBytes = min(product.rows, PackedProduct.rowBlock) * width * 4
      sums = .allocate(byteCount: sumBytes * slots, alignment: 64)
      factors = .allocate(capacity: slots == 2 ? sumBytes / 4 : 1)
      widenedCount = isNative ? 0 : model.paddedInputs * width
      widened = .allocate(capacity: max(1, widenedCount * slots))
    }

    deinit {
      sums.deallocate()
      factors.deallocate()
      widened.deallocate()
    }

    /// Sums of the last product of `slot`, [rows of the block, width of the stretch].
    func sums(_ slot: Int) -> UnsafeMutableRawPointer { sums + slot * sumBytes }

    /// Widens a stretch of weights, where that is needed.
    func load(_ weights: PackedWeights, _ panels: Range<Int>, into slot: Int) {
      guard !isNative else { return }
      let width = panels.count * PackedWeights.panelWidth
      for (index, panel) in panels.enumerated() {
        let place = widened + slot * widenedCount + index * PackedWeights.panelWidth
        let bytes = weights.memory + panel * weights.panelBytes
        switch weights.format {
        case .int8:
          PackingMath.unpackInt8(
            bytes.assumingMemoryBound(to: Int8.self), scales: weights.scales + panel * PackedWeights.panelWidth,
            weights.paddedInputs, place, stride: width)
        case .bf16:
          PackingMath.unpackBF16(
            bytes.assumingMemoryBound(to: UInt16.self), weights.paddedInputs, place, stride: width)
        case .f32:
          let values = bytes.assumingMemoryBound(to: Float.self)
          for channel in 0..<weights.paddedInputs {
            (place + channel * width).update(
              from: values + channel * PackedWeights.panelWidth, count: PackedWeights.panelWidth)
          }
        }
      }
    }

    /// sums(slot) = the rows of `block` · the stretch.
    func multiply(_ input: Rows, _ block: Range<Int>, _ weights: PackedWeights, _ panels: Range<Int>, slot: Int) {
      let width = panels.count * PackedWeights.panelWidth
      guard let library, let stream, isNative else {
        multiplyWidened(input, block, inner: weights.paddedInputs, width: width, slot: slot)
        return
      }
      let shape = OneDNN.Shape(format: format, rows: block.count, inner: weights.paddedInputs, columns: width)
      let done = library.multiply(
        shape, source: input.memory + block.lowerBound * input.stride * format.size,
        weights: weights.memory + panels.lowerBound * weights.panelBytes, into: sums(slot), on: stream)
      precondition(done, "oneDNN multiplies what it has a kernel for")
    }

    private func multiplyWidened(_ input: Rows, _ block: Range<Int>, inner: Int, width: Int, slot: Int) {
      let rows = input.memory.assumingMemoryBound(to: Float.self) + block.lowerBound * input.stride
      let result = sums(slot).assumingMemoryBound(to: Float.self)
      let right = widened + slot * widenedCount
      guard block.count == 1 else {
        OpenBLAS.multiply(
          .init(start: rows, stride: input.stride), .init(start: right, stride: width), into: result,
          outputStride: width, rows: block.count, columns: width, inner: inner)
        return
      }
      // One row runs at a fraction of memory's speed in OpenBLAS.
      result.update(repeating: 0, count: width)
      for channel in 0..<inner {
        VectorMath.addScaled(right + channel * width, by: rows[channel], to: result, count: width)
      }
    }
  }
}
