/// Rows of activations as one product reads them.
struct ProductRows {
  let memory: UnsafeRawPointer
  /// Channels from one row to the next.
  let stride: Int
  /// `int8`: one a row.
  let scales: UnsafePointer<Float>?
}

/// What becomes of a product's sums, in this order.
struct ProductFinish {
  /// One an output.
  var bias: UnsafePointer<Float>?
  /// Whether they are added to what is there.
  var accumulate = false
  var activation: Activation?
  /// By which the activation is multiplied: [rows, outputs], `factorStride` values between rows.
  var factors: UnsafePointer<Float>?
  var factorStride = 0
}

/// One thread's way to multiply: our own kernels, oneDNN's, or OpenBLAS behind widened weights, with the memory that it takes.
final class ProductLane {
  private enum Kernels {
    case fused
    case library(OneDNN, OneDNN.Lane)
    case widened
  }

  private let kernels: Kernels
  private let format: NumberFormat
  /// [rows of the block, width of the stretch], of kernels that leave their sums to another pass.
  private let sums: UnsafeMutableRawPointer
  /// [inputs, width of the stretch] for each of two products.
  private let widened: UnsafeMutablePointer<Float>
  private let widenedCount: Int

  /// - Parameters:
  ///   - rows: of the whole product: they choose the kernels. `block`: most rows of one call; `panels`: most panels.
  ///   - isGated: whether two products of one stretch are taken in turn.
  init(_ engine: ProductEngine, model: PackedWeights, rows: Int, block: Int, panels: Int, isGated: Bool) {
    format = model.format
    if engine.isFused(format, rows: rows) {
      kernels = .fused
    } else if let (library, lane) = engine.libraryLane(format) {
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
    sums = .allocate(byteCount: max(sumBytes, 1), alignment: 64)
    widened = .allocate(capacity: max(1, widenedCount * (isGated ? 2 : 1)))
    self.widenedCount = widenedCount
  }

  deinit {
    sums.deallocate()
    widened.deallocate()
  }

  /// Widens a stretch of weights, where that is needed.
  /// - Parameter slot: 0 or 1, where gated layers have two products.
  func load(_ weights: PackedWeights, _ panels: Range<Int>, into slot: Int) {
    guard case .widened = kernels else { return }
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

  /// output = rows [output.rows, …] · panels, of the weights loaded last into `slot`, finished.
  /// - Parameter bias: of the whole layer, [outputs]; `finish` has none.
  func multiply(
    _ rows: ProductRows, _ weights: PackedWeights, _ panels: Range<Int>, slot: Int, bias: WeightBuffer?,
    into output: PackingMath.Block, _ finish: ProductFinish
  ) {
    func multiply(_ bias: UnsafePointer<Float>?) {
      var finish = finish
      finish.bias = bias
      switch kernels {
      case .fused:
        FusedProducts.multiply(
          rows.memory, stride: rows.stride, scales: rows.scales, weights, panels, into: output, finish)
      case .library(let library, let lane):
        let shape = OneDNN.Shape(
          format: format, rows: output.rows, inner: weights.paddedInputs,
          columns: panels.count * PackedWeights.panelWidth)
        let done = library.multiply(
          shape, source: rows.memory, weights: weights.memory + panels.lowerBound * weights.panelBytes, into: sums,
          on: lane)
        precondition(done, "oneDNN multiplies what it has a kernel for")
        self.finish(rows, weights, panels, output, finish)
      case .widened:
        multiplyWidened(rows, output.rows, inner: weights.paddedInputs, panels, slot: slot)
        self.finish(rows, weights, panels, output, finish)
      }
    }
    guard let bias else { return multiply(nil) }
    bias.withUnsafeElements {
      multiply($0.baseAddress.map { $0 + panels.lowerBound * PackedWeights.panelWidth })
    }
  }

  private func finish(
    _ rows: ProductRows, _ weights: PackedWeights, _ panels: Range<Int>, _ output: PackingMath.Block,
    _ finish: ProductFinish
  ) {
    let width = panels.count * PackedWeights.panelWidth
    let first = panels.lowerBound * PackedWeights.panelWidth
    if let scales = rows.scales {
      PackingMath.finish(
        int8: sums.assumingMemoryBound(to: Int32.self), stride: width, sums: weights.sums + first,
        scales: weights.scales + first, rowScales: scales, bias: finish.bias, into: output,
        accumulate: finish.accumulate)
    } else {
      PackingMath.finish(
        sums.assumingMemoryBound(to: Float.self), stride: width, bias: finish.bias, into: output,
        accumulate: finish.accumulate)
    }
    guard let activation = finish.activation else { return }
    VectorMath.apply(activation, to: output, factors: finish.factors, factorStride: finish.factorStride)
  }

  private func multiplyWidened(_ rows: ProductRows, _ count: Int, inner: Int, _ panels: Range<Int>, slot: Int) {
    let width = panels.count * PackedWeights.panelWidth
    let left = rows.memory.assumingMemoryBound(to: Float.self)
    let result = sums.assumingMemoryBound(to: Float.self)
    let right = widened + slot * widenedCount
    guard count == 1 else {
      OpenBLAS.multiply(
        .init(start: left, stride: rows.stride), .init(start: right, stride: width), into: result, outputStride: width,
        rows: count, columns: width, inner: inner)
      return
    }
    // One row runs at a fraction of memory's speed in OpenBLAS.
    result.update(repeating: 0, count: width)
    for channel in 0..<inner {
      VectorMath.addScaled(right + channel * width, by: left[channel], to: result, count: width)
    }
  }
}
