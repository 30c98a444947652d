/// Element-wise operations on the activations of one layer.
public enum ElementWise {
  /// gate[i] = activation(gate[i]) · up[i]: the gated half of SwiGLU and its relatives.
  public static func gate(
    _ gate: inout MutableSpan<Float>, by up: Span<Float>, count: Int, activation: Activation, workers: Workers
  ) {
    precondition(gate.count >= count && up.count >= count, "a gate and what it gates have one size")
    up.withUnsafeBufferPointer { up in
      gate.withUnsafeMutableBufferPointer { gate in
        guard count > 0, let gate = gate.baseAddress, let up = up.baseAddress else { return }
        workers.forEachRange(of: count, grain: 16_384) { range in
          let slice = PackingMath.Block(
            start: gate + range.lowerBound, stride: range.count, rows: 1, count: range.count)
          VectorMath.apply(activation, to: slice, factors: up + range.lowerBound)
        }
      }
    }
  }
}
