/// What is done to a product's sums, in this order.
struct ProductFinish {
  /// One per output.
  var bias: UnsafeBufferPointer<Float>?
  /// Whether the sums are added to the output's old values.
  var accumulate = false
  var activation: Activation?
  /// Factors of the activation's result, one per output.
  var factors: Factors?
}

/// How one thread multiplies: with our own kernels, oneDNN's, or OpenBLAS on widened weights. Holds the memory for it.
final class ProductLane {
  private enum Kernels {
    case fused
    case library(OneDNN, OneDNN.Lane)
    case widened
  }

  private let kernels: Kernels
  private let format: NumberFormat
  /// [rows of the block, width of the stretch] of 32 bits each, where the kernels leave their sums to another pass.
  private let sums: Workspace<UInt8>
  /// [inputs, width of the stretch] for each of two products.
  private let widened: Workspace<Float>
  private let widenedCount: Int

  /// - Parameters:
  ///   - rows: of the whole product: they decide the kernels. `block`: most rows of one call; `panels`: most panels.
  ///   - isGated: whether one stretch needs two products, one after the other.
  init(
    _ engine: ProductEngine, model: PackedWeights, rows: Int, block: Int, panels: Int, isGated: Bool,
    workspaces: WorkspacePool
  ) {
    format = model.format
    if engine.isFused(format, rows: rows) {
      kernels = .fused
    } else if let (library, lane) = engine.libraryLane(format, workspaces) {
      kernels = .library(library, lane)
    } else {
      kernels = .widened
    }
    let width = panels * PackedWeights.panelWidth
    var (sumBytes, widenedCount) = (0, 0)
    switch kernels {
    case .fused: break
    case .library: sumBytes = block * width * 4
    case .widened: (sumBytes, widenedCount) = (block * width * 4, model.paddedInputs * width)
    }
    sums = workspaces.take(sumBytes)
    widened = workspaces.take(widenedCount * (isGated ? 2 : 1))
    self.widenedCount = widenedCount
  }

  /// Widens a stretch of weights if the kernels need it.
  /// - Parameter slot: 0 or 1, where gated layers have two products.
  func load(_ weights: PackedWeights, _ panels: Range<Int>, into slot: Int) {
    guard case .widened = kernels else { return }
    let width = panels.count * PackedWeights.panelWidth
    for (index, panel) in panels.enumerated() {
      let block = Block(
        widened.elements, from: slot * widenedCount + index * PackedWeights.panelWidth, stride: width,
        rows: weights.paddedInputs, count: PackedWeights.panelWidth)
      let bytes = weights.bytes(ofPanels: panel..<panel + 1)
      switch weights.format {
      case .int8:
        PackingMath.unpackInt8(
          bytes.elements(Int8.self), scales: weights.scales(ofPanels: panel..<panel + 1), into: block)
      case .bf16: PackingMath.unpackBF16(bytes.elements(UInt16.self), into: block)
      case .f32:
        let values = bytes.elements(Float.self)
        for channel in 0..<weights.paddedInputs {
          let start = channel * PackedWeights.panelWidth
          _ = block[channel].update(
            fromContentsOf: UnsafeBufferPointer(rebasing: values[start..<start + PackedWeights.panelWidth]))
        }
      }
    }
  }

  /// output = rows [output.rows, …] · panels of the weights last loaded into `slot`, finished.
  /// - Parameter bias: of the whole layer, [outputs]; `finish` has none.
  func multiply(
    _ rows: ProductRows, _ weights: PackedWeights, _ panels: Range<Int>, slot: Int, bias: WeightBuffer?,
    into output: Block, _ finish: ProductFinish
  ) {
    func multiply(_ bias: UnsafeBufferPointer<Float>?) {
      var finish = finish
      finish.bias = bias
      switch kernels {
      case .fused: FusedProducts.multiply(rows, weights, panels, into: output, finish)
      case .library(let library, let lane):
        let shape = OneDNN.Shape(
          format: format, rows: output.rows, inner: weights.paddedInputs,
          columns: panels.count * PackedWeights.panelWidth)
        let done = library.multiply(
          shape, source: UnsafeRawBufferPointer(rows.elements(UInt8.self)),
          weights: UnsafeRawBufferPointer(weights.bytes(ofPanels: panels).all),
          into: UnsafeMutableRawBufferPointer(sums.elements.writable(0..<sums.elements.count)), on: lane)
        precondition(done, "oneDNN multiplies what it has a kernel for")
        self.finish(rows, weights, panels, output, finish)
      case .widened:
        multiplyWidened(rows, output.rows, inner: weights.paddedInputs, panels, slot: slot)
        self.finish(rows, weights, panels, output, finish)
      }
    }
    guard let bias else { return multiply(nil) }
    bias.withUnsafeElements {
      multiply(UnsafeBufferPointer(rebasing: $0[(panels.lowerBound * PackedWeights.panelWidth)...]))
    }
  }

  private func finish(
    _ rows: ProductRows, _ weights: PackedWeights, _ panels: Range<Int>, _ output: Block, _ finish: ProductFinish
  ) {
    let width = panels.count * PackedWeights.panelWidth
    if let scales = rows.scales {
      PackingMath.finish(
        int8: .init(values: sums.elements.elements(Int32.self), stride: width), sums: weights.sums(ofPanels: panels),
        scales: weights.scales(ofPanels: panels), rowScales: scales, bias: finish.bias, into: output,
        accumulate: finish.accumulate)
    } else {
      PackingMath.finish(
        .init(values: sums.elements.elements(Float.self), stride: width), bias: finish.bias, into: output,
        accumulate: finish.accumulate)
    }
    guard let activation = finish.activation else { return }
    VectorMath.apply(activation, to: output, factors: finish.factors)
  }

  private func multiplyWidened(_ rows: ProductRows, _ count: Int, inner: Int, _ panels: Range<Int>, slot: Int) {
    let width = panels.count * PackedWeights.panelWidth
    let left = rows.elements(Float.self)
    let right = widened.elements.part(slot * widenedCount..<(slot + 1) * widenedCount)
    let sums = SharedSpan(writing: sums.elements.writableElements(Float.self))
    guard count == 1 else {
      OpenBLAS.multiply(
        .init(elements: left, stride: rows.stride), .init(elements: right.all, stride: width),
        into: Block(sums, stride: width, rows: count, count: width), inner: inner)
      return
    }
    // OpenBLAS runs a single row at a fraction of memory speed.
    let result = sums.writable(0..<width)
    result.update(repeating: 0)
    for channel in 0..<inner {
      VectorMath.addScaled(right[channel * width..<(channel + 1) * width], by: left[channel], to: result)
    }
  }
}
