/// Element-wise operations on the activations of one layer.
public enum ElementWise {
  /// gate[i] = activation(gate[i]) · up[i]: the gated half of SwiGLU and its relatives.
  public static func gate(
    _ gate: inout MutableSpan<Float>, by up: Span<Float>, count: Int, activation: Activation, workers: Workers
  ) {
    precondition(gate.count >= count && up.count >= count, "a gate and what it gates have one size")
    up.withUnsafeBufferPointer { up in
      gate.withUnsafeMutableBufferPointer { gate in
        let (factors, values) = (SharedSpan(reading: up), SharedSpan(writing: gate))
        workers.forEachRange(of: count, grain: 16_384) { range in
          let block = Block(values, from: range.lowerBound, stride: range.count, rows: 1, count: range.count)
          VectorMath.apply(activation, to: block, factors: Factors(values: factors[range], stride: range.count))
        }
      }
    }
  }
}
