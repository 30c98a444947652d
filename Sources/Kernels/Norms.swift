/// y = (x − mean) / √(variance + ε) · gain + bias over the width of each row.
public struct LayerNorm: Sendable {
  public let width: Int
  private let gain: WeightBuffer
  private let bias: WeightBuffer
  private let epsilon: Float

  /// Gain and bias are [width].
  public init(gain: WeightBuffer, bias: WeightBuffer, epsilon: Float) {
    precondition(gain.count == bias.count, "one gain and one bias a channel")
    width = gain.count
    self.gain = gain
    self.bias = bias
    self.epsilon = epsilon
  }

  /// output [rows, width] from input [rows, width].
  public func apply(_ input: Span<Float>, rows: Int, into output: inout MutableSpan<Float>, workers: Workers) {
    mapRows(input, rows: rows, width: width, into: &output, workers: workers) { [gain, bias, epsilon] row, result in
      gain.withUnsafeElements { gain in
        bias.withUnsafeElements { bias in
          VectorMath.layerNorm(row, gain: gain, bias: bias, epsilon: epsilon, into: result)
        }
      }
    }
  }

  /// The norm of whole rows.
  public func callAsFunction(_ input: Matrix, workers: Workers) -> Matrix {
    precondition(input.columns == width, "a norm needs rows of its width")
    var output = Matrix(rows: input.rows, columns: width)
    var span = output.values.mutableSpan
    apply(input.values.span, rows: input.rows, into: &span, workers: workers)
    return output
  }
}

/// y = x / √(mean(x²) + ε) · gain over the width of each row.
public struct RMSNorm: Sendable {
  public let width: Int
  private let gain: WeightBuffer
  private let epsilon: Float

  /// Gain is [width].
  public init(gain: WeightBuffer, epsilon: Float) {
    width = gain.count
    self.gain = gain
    self.epsilon = epsilon
  }

  /// output [rows, width] from input [rows, width].
  public func apply(_ input: Span<Float>, rows: Int, into output: inout MutableSpan<Float>, workers: Workers) {
    mapRows(input, rows: rows, width: width, into: &output, workers: workers) { [gain, epsilon] row, result in
      gain.withUnsafeElements { VectorMath.rmsNorm(row, gain: $0, epsilon: epsilon, into: result) }
    }
  }
}

extension RMSNorm {
  /// Norms rows [rows, width] in place: the heads of queries, say.
  public func apply(inPlace values: inout MutableSpan<Float>, rows: Int, workers: Workers) {
    precondition(values.count >= rows * width, "a norm needs whole rows")
    values.withUnsafeMutableBufferPointer { values in
      let memory = SharedSpan(writing: values)
      workers.forEachRange(of: rows, grain: 256) { [width, gain, epsilon] range in
        gain.withUnsafeElements { gain in
          for row in range {
            let place = row * width..<(row + 1) * width
            VectorMath.rmsNorm(memory[place], gain: gain, epsilon: epsilon, into: memory.writable(place))
          }
        }
      }
    }
  }
}

/// Calls `body` with each row of the input and the place of the same row in the output.
private func mapRows(
  _ input: Span<Float>, rows: Int, width: Int, into output: inout MutableSpan<Float>, workers: Workers,
  _ body: @Sendable (UnsafeBufferPointer<Float>, UnsafeMutableBufferPointer<Float>) -> Void
) {
  precondition(input.count >= rows * width && output.count >= rows * width, "a norm needs whole rows")
  input.withUnsafeBufferPointer { input in
    output.withUnsafeMutableBufferPointer { output in
      let (from, to) = (SharedSpan(reading: input), SharedSpan(writing: output))
      // Waking a thread costs as much as a few dozen rows.
      workers.forEachRange(of: rows, grain: 32) { range in
        for row in range {
          let place = row * width..<(row + 1) * width
          body(from[place], to.writable(place))
        }
      }
    }
  }
}
