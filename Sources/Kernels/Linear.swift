/// A fully connected layer y = x·Wᵀ + b with weights [outputs, inputs] as stored. It hides how the product is computed.
public struct Linear: Sendable {
  public let inputs: Int
  public let outputs: Int
  private let storage: Storage
  private let bias: WeightBuffer?

  private enum Storage {
    /// Float32 as stored, through OpenBLAS.
    case plain(WeightBuffer)
    case packed(PackedWeights, ProductEngine)
  }

  /// - Parameters:
  ///   - weights: [outputs, inputs], row-major.
  ///   - bias: [outputs].
  public init(inputs: Int, outputs: Int, weights: WeightBuffer, bias: WeightBuffer? = nil) {
    precondition(weights.count == inputs * outputs, "weights are [outputs, inputs]")
    precondition(bias == nil || bias?.count == outputs, "one bias an output")
    self.inputs = inputs
    self.outputs = outputs
    storage = .plain(weights)
    self.bias = bias
  }

  /// A layer with packed weights.
  /// - Parameter bias: [outputs].
  public init(_ weights: PackedWeights, bias: WeightBuffer? = nil, engine: ProductEngine) {
    precondition(bias == nil || bias?.count == weights.outputs, "one bias an output")
    inputs = weights.inputs
    outputs = weights.outputs
    storage = .packed(weights, engine)
    self.bias = bias
  }

  /// output [rows, outputs] = activation(input [rows, inputs] · Wᵀ + b), or output += … when `accumulate` (the residual
  /// stream; no activation then).
  public func apply(
    _ input: Span<Float>, rows: Int, into output: inout MutableSpan<Float>, activation: Activation? = nil,
    accumulate: Bool = false, workers: Workers
  ) {
    precondition(input.count >= rows * inputs && output.count >= rows * outputs, "a linear layer needs whole rows")
    precondition(!(accumulate && activation != nil), "an accumulated product has no activation")
    input.withUnsafeBufferPointer { input in
      output.withUnsafeMutableBufferPointer { output in
        guard rows > 0, let x = input.baseAddress, let y = output.baseAddress else { return }
        switch storage {
        case .plain(let weights):
          workers.forEachRange(of: outputs, grain: 16) { columns in
            product(weights, x, rows: rows, columns: columns, into: y, accumulate: accumulate)
            finish(y, rows: rows, columns: columns, activation: activation)
          }
        case .packed(let weights, let engine):
          let target = PackedProduct.Target(
            weights: weights, bias: bias, output: y, activation: activation, accumulate: accumulate)
          PackedProduct(engine: engine, targets: [target], rows: rows).run(x, workers: workers)
        }
      }
    }
  }

  /// The layer applied to whole rows: [rows, inputs] → [rows, outputs].
  public func callAsFunction(_ input: Matrix, activation: Activation? = nil, workers: Workers) -> Matrix {
    precondition(input.columns == inputs, "a linear layer needs rows of its input width")
    var output = Matrix(rows: input.rows, columns: outputs)
    var span = output.values.mutableSpan
    apply(input.values.span, rows: input.rows, into: &span, activation: activation, workers: workers)
    return output
  }

  /// Several layers on the same rows, which are prepared once: outputs[i] [rows, outputs of i] = layers[i](input).
  static func apply(
    _ layers: [Linear], _ input: Span<Float>, rows: Int, into outputs: [UnsafeMutableBufferPointer<Float>],
    workers: Workers
  ) {
    var targets: [PackedProduct.Target] = []
    var engine: ProductEngine?
    for (layer, output) in zip(layers, outputs) {
      precondition(output.count >= rows * layer.outputs && input.count >= rows * layer.inputs, "whole rows")
      guard case .packed(let weights, let own) = layer.storage, let output = output.baseAddress else { continue }
      targets.append(PackedProduct.Target(weights: weights, bias: layer.bias, output: output))
      engine = own
    }
    guard let engine, targets.count == layers.count else {
      for (layer, output) in zip(layers, outputs) {
        var span = output.mutableSpan
        layer.apply(input, rows: rows, into: &span, workers: workers)
      }
      return
    }
    input.withUnsafeBufferPointer { input in
      guard let input = input.baseAddress else { return }
      PackedProduct(engine: engine, targets: targets, rows: rows).run(input, workers: workers)
    }
  }

  /// output [rows, outputs] = activation(self(input)) · up(input), as gated feed-forward layers have it.
  func apply(
    gating up: Linear, activation: Activation, _ input: Span<Float>, rows: Int, into output: inout MutableSpan<Float>,
    workers: Workers
  ) {
    precondition(up.inputs == inputs && up.outputs == outputs, "a gate has the shape of what it gates")
    guard case .packed(let weights, let engine) = storage, case .packed(let factor, _) = up.storage else {
      apply(input, rows: rows, into: &output, workers: workers)
      var factors = [Float](roomFor: rows * outputs)
      var span = factors.mutableSpan
      up.apply(input, rows: rows, into: &span, workers: workers)
      ElementWise.gate(&output, by: span.span, count: rows * outputs, activation: activation, workers: workers)
      return
    }
    precondition(input.count >= rows * inputs && output.count >= rows * outputs, "a linear layer needs whole rows")
    input.withUnsafeBufferPointer { input in
      output.withUnsafeMutableBufferPointer { output in
        guard let input = input.baseAddress, let output = output.baseAddress else { return }
        let target = PackedProduct.Target(
          weights: weights, bias: bias, output: output, activation: activation, factor: (factor, up.bias))
        PackedProduct(engine: engine, targets: [target], rows: rows).run(input, workers: workers)
      }
    }
  }

  /// One thread's share of the outputs, for all rows. A few rows are memory-bound: there a matrix–vector loop beats OpenBLAS,
  /// which runs at a tenth of the memory's speed with one row.
  private func product(
    _ weights: WeightBuffer, _ input: UnsafePointer<Float>, rows: Int, columns: Range<Int>,
    into output: UnsafeMutablePointer<Float>, accumulate: Bool
  ) {
    weights.withUnsafeElements { weights in
      guard let base = weights.baseAddress else { return }
      let slice = base + columns.lowerBound * inputs
      guard rows == 1 else {
        OpenBLAS.multiplyTransposed(
          .init(start: input, stride: inputs), .init(start: slice, stride: inputs), into: output + columns.lowerBound,
          outputStride: outputs, rows: rows, columns: columns.count, inner: inputs, accumulate: accumulate)
        return
      }
      VectorMath.multiply(
        matrix: slice, vector: input, into: output + columns.lowerBound, rows: columns.count, columns: inputs,
        accumulate: accumulate)
    }
  }

  /// Adds the bias and applies the activation to one thread's columns while they are in cache.
  private func finish(
    _ output: UnsafeMutablePointer<Float>, rows: Int, columns: Range<Int>, activation: Activation?
  ) {
    guard bias != nil || activation != nil else { return }
    for row in 0..<rows {
      let start = output + row * outputs + columns.lowerBound
      bias?.withUnsafeElements { bias in
        guard let base = bias.baseAddress else { return }
        VectorMath.add(base + columns.lowerBound, to: start, count: columns.count)
      }
      if let activation {
        VectorMath.apply(activation, to: UnsafeMutableBufferPointer(start: start, count: columns.count))
      }
    }
  }
}
