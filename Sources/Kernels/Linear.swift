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
  /// - Parameter grouping: whether rows may be summed in another order than each alone.
  public func apply(
    _ input: Span<Float>, rows: Int, into output: inout MutableSpan<Float>, activation: Activation? = nil,
    accumulate: Bool = false, grouping: RowGrouping = .together, workers: Workers
  ) {
    precondition(input.count >= rows * inputs && output.count >= rows * outputs, "a linear layer needs whole rows")
    precondition(!(accumulate && activation != nil), "an accumulated product has no activation")
    input.withUnsafeBufferPointer { input in
      output.withUnsafeMutableBufferPointer { output in
        guard rows > 0 else { return }
        let (x, y) = (SharedSpan(reading: input), SharedSpan(writing: output))
        switch storage {
        case .plain(let weights):
          workers.forEachRange(of: outputs, grain: 16) { columns in
            let block = Block(y, from: columns.lowerBound, stride: outputs, rows: rows, count: columns.count)
            product(weights, x, columns: columns, into: block, accumulate: accumulate, grouping: grouping)
            finish(block, columns: columns, activation: activation)
          }
        case .packed(let weights, let engine):
          let target = PackedProduct.Target(
            weights: weights, bias: bias, output: y, activation: activation, accumulate: accumulate)
          PackedProduct(engine: engine, targets: [target], rows: rows, grouping: grouping).run(x, workers: workers)
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

  /// The weights [outputs, inputs] and the bias [outputs] in Float32: as they are stored, or as their packed form
  /// computes.
  public func dense(workers: Workers) -> (weights: Matrix, bias: [Float]) {
    let bias = bias?.values ?? [Float](repeating: 0, count: outputs)
    if case .plain(let weights) = storage {
      return (Matrix(rows: outputs, columns: inputs, values: weights.values), bias)
    }
    // A packed layer shows its weights by what it makes of the unit rows.
    var weights = Matrix(rows: outputs, columns: inputs)
    for start in stride(from: 0, to: inputs, by: 256) {
      var units = Matrix(rows: min(256, inputs - start), columns: inputs)
      for row in 0..<units.rows { units[row, start + row] = 1 }
      let columns = self(units, workers: workers)
      for row in 0..<units.rows {
        for output in 0..<outputs { weights[output, start + row] = columns[row, output] - bias[output] }
      }
    }
    return (weights, bias)
  }

  /// Several layers on the same rows, which are prepared only once: outputs[i] [rows, outputs of i] = layers[i](input).
  static func apply(
    _ layers: [Linear], _ input: Span<Float>, rows: Int, into outputs: [UnsafeMutableBufferPointer<Float>],
    grouping: RowGrouping = .together, workers: Workers
  ) {
    var targets: [PackedProduct.Target] = []
    var engine: ProductEngine?
    for (layer, output) in zip(layers, outputs) {
      precondition(output.count >= rows * layer.outputs && input.count >= rows * layer.inputs, "whole rows")
      guard case .packed(let weights, let own) = layer.storage else { continue }
      targets.append(
        PackedProduct.Target(weights: weights, bias: layer.bias, output: SharedSpan(writing: output)))
      engine = own
    }
    guard let engine, targets.count == layers.count else {
      for (layer, output) in zip(layers, outputs) {
        var span = output.mutableSpan
        layer.apply(input, rows: rows, into: &span, grouping: grouping, workers: workers)
      }
      return
    }
    input.withUnsafeBufferPointer { input in
      PackedProduct(engine: engine, targets: targets, rows: rows, grouping: grouping)
        .run(SharedSpan(reading: input), workers: workers)
    }
  }

  /// output [rows, outputs] = activation(self(input)) · up(input), as in gated feed-forward layers.
  public func apply(
    gating up: Linear, activation: Activation, _ input: Span<Float>, rows: Int, into output: inout MutableSpan<Float>,
    grouping: RowGrouping = .together, workers: Workers
  ) {
    precondition(up.inputs == inputs && up.outputs == outputs, "a gate has the shape of what it gates")
    guard case .packed(let weights, let engine) = storage, case .packed(let factor, _) = up.storage else {
      apply(input, rows: rows, into: &output, grouping: grouping, workers: workers)
      var factors = AlignedBuffer(count: rows * outputs, from: workers.workspaces)
      factors.withMutableSpan(0..<rows * outputs) {
        up.apply(input, rows: rows, into: &$0, grouping: grouping, workers: workers)
      }
      factors.withSpan(0..<rows * outputs) {
        ElementWise.gate(&output, by: $0, count: rows * outputs, activation: activation, workers: workers)
      }
      return
    }
    precondition(input.count >= rows * inputs && output.count >= rows * outputs, "a linear layer needs whole rows")
    input.withUnsafeBufferPointer { input in
      output.withUnsafeMutableBufferPointer { output in
        let target = PackedProduct.Target(
          weights: weights, bias: bias, output: SharedSpan(writing: output), activation: activation,
          factor: (factor, up.bias))
        PackedProduct(engine: engine, targets: [target], rows: rows, grouping: grouping)
          .run(SharedSpan(reading: input), workers: workers)
      }
    }
  }

  /// One thread's share of the outputs, for all rows. With few rows memory is the limit, and a matrix–vector loop beats
  /// OpenBLAS, which runs at a tenth of the memory's speed with one row.
  private func product(
    _ weights: WeightBuffer, _ input: SharedSpan<Float>, columns: Range<Int>, into output: Block, accumulate: Bool,
    grouping: RowGrouping
  ) {
    weights.withUnsafeElements { weights in
      let slice = UnsafeBufferPointer(
        rebasing: weights[columns.lowerBound * inputs..<columns.upperBound * inputs])
      guard output.rows == 1 || grouping == .eachAlone else {
        OpenBLAS.multiplyTransposed(
          .init(elements: input.all, stride: inputs), .init(elements: slice, stride: inputs), into: output,
          inner: inputs, accumulate: accumulate)
        return
      }
      // A few weights at a time, so that they are in cache for the rows after the first.
      for start in stride(from: 0, to: output.count, by: 16) {
        let part = start..<min(start + 16, output.count)
        let few = UnsafeBufferPointer(rebasing: slice[part.lowerBound * inputs..<part.upperBound * inputs])
        for row in 0..<output.rows {
          VectorMath.multiply(
            matrix: few, vector: input[row * inputs..<(row + 1) * inputs],
            into: UnsafeMutableBufferPointer(rebasing: output[row][part]), accumulate: accumulate)
        }
      }
    }
  }

  /// Adds the bias and applies the activation to one thread's columns while they are in cache.
  private func finish(_ output: Block, columns: Range<Int>, activation: Activation?) {
    guard bias != nil || activation != nil else { return }
    for row in 0..<output.rows {
      bias?.withUnsafeElements { VectorMath.add(UnsafeBufferPointer(rebasing: $0[columns]), to: output[row]) }
      if let activation { VectorMath.apply(activation, to: output[row]) }
    }
  }
}
