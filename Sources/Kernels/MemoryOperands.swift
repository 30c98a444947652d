// The kernels on whole arrays and buffers. Two spans into the fields of one workspace cannot be taken side by side
// (each holds the whole workspace exclusively), while two of its fields can be passed: these overloads take the spans
// on the inside. Nothing is copied.

extension Linear {
  /// `apply` on whole memory.
  public func apply(
    _ input: borrowing some FloatMemory & ~Copyable, rows: Int, into output: inout some FloatMemory & ~Copyable,
    activation: Activation? = nil, accumulate: Bool = false, workers: Workers
  ) {
    input.withElements { input in
      output.withMutableElements {
        apply(input, rows: rows, into: &$0, activation: activation, accumulate: accumulate, workers: workers)
      }
    }
  }

  /// Queries, keys and values of the same rows, which are prepared once.
  public static func apply<Memory: FloatMemory & ~Copyable>(
    _ first: Linear, _ second: Linear, _ third: Linear, to input: borrowing some FloatMemory & ~Copyable, rows: Int,
    into outputs: inout Memory, _ others: inout Memory, _ rest: inout Memory, workers: Workers
  ) {
    input.withElements { input in
      outputs.withPointer { outputs in
        others.withPointer { others in
          rest.withPointer { rest in
            apply([first, second, third], input, rows: rows, into: [outputs, others, rest], workers: workers)
          }
        }
      }
    }
  }

  /// Keys and values of the same rows, which are prepared once.
  public static func apply<Memory: FloatMemory & ~Copyable>(
    _ first: Linear, _ second: Linear, to input: borrowing some FloatMemory & ~Copyable, rows: Int,
    into outputs: inout Memory, _ others: inout Memory, workers: Workers
  ) {
    input.withElements { input in
      outputs.withPointer { outputs in
        others.withPointer { others in
          apply([first, second], input, rows: rows, into: [outputs, others], workers: workers)
        }
      }
    }
  }

  /// The gated product on whole memory.
  public func apply(
    gating up: Linear, activation: Activation, _ input: borrowing some FloatMemory & ~Copyable, rows: Int,
    into output: inout some FloatMemory & ~Copyable, workers: Workers
  ) {
    input.withElements { input in
      output.withMutableElements {
        apply(gating: up, activation: activation, input, rows: rows, into: &$0, workers: workers)
      }
    }
  }
}

extension FloatMemory where Self: ~Copyable {
  fileprivate mutating func withPointer(_ body: (UnsafeMutableBufferPointer<Float>) -> Void) {
    withMutableElements { $0.withUnsafeMutableBufferPointer(body) }
  }
}

extension LayerNorm {
  /// `apply` on whole memory.
  public func apply(
    _ input: borrowing some FloatMemory & ~Copyable, rows: Int, into output: inout some FloatMemory & ~Copyable,
    workers: Workers
  ) {
    input.withElements { input in
      output.withMutableElements { apply(input, rows: rows, into: &$0, workers: workers) }
    }
  }
}

extension RMSNorm {
  /// `apply(inPlace:)` on whole memory.
  public func apply(inPlace values: inout some FloatMemory & ~Copyable, rows: Int, workers: Workers) {
    values.withMutableElements { apply(inPlace: &$0, rows: rows, workers: workers) }
  }

  /// `apply` on whole memory.
  public func apply(
    _ input: borrowing some FloatMemory & ~Copyable, rows: Int, into output: inout some FloatMemory & ~Copyable,
    workers: Workers
  ) {
    input.withElements { input in
      output.withMutableElements { apply(input, rows: rows, into: &$0, workers: workers) }
    }
  }
}

extension EncoderAttention {
  /// `apply` on whole memory.
  public func apply<Memory: FloatMemory & ~Copyable>(
    queries: borrowing Memory, keys: borrowing Memory, values: borrowing Memory, tokens: Int,
    segments: [Range<Int>]? = nil, offsets: [Float]? = nil, into context: inout some FloatMemory & ~Copyable,
    taps: Set<AttentionTap> = [], workers: Workers
  ) -> [AttentionTap: TapValue] {
    queries.withElements { queries in
      keys.withElements { keys in
        values.withElements { values in
          context.withMutableElements {
            apply(
              queries: queries, keys: keys, values: values, tokens: tokens, segments: segments, offsets: offsets,
              into: &$0,
              taps: taps, workers: workers)
          }
        }
      }
    }
  }

  /// `taps` on whole memory.
  public func taps<Memory: FloatMemory & ~Copyable>(
    queries: borrowing Memory, keys: borrowing Memory, tokens: Int, offsets: [Float]? = nil, taps: Set<AttentionTap>,
    workers: Workers
  ) -> [AttentionTap: TapValue] {
    queries.withElements { queries in
      keys.withElements {
        self.taps(queries: queries, keys: $0, tokens: tokens, offsets: offsets, taps: taps, workers: workers)
      }
    }
  }
}

extension CausalAttention {
  /// `apply` on whole memory; all new positions ask when `asking` is left out.
  public func apply<Memory: FloatMemory & ~Copyable>(
    queries: borrowing Memory, asking: Int? = nil, keys: borrowing Memory, values: borrowing Memory, rows: Int,
    layer: Int, cache: inout KeyValueCache, into context: inout some FloatMemory & ~Copyable, workers: Workers
  ) {
    queries.withElements { queries in
      keys.withElements { keys in
        values.withElements { values in
          context.withMutableElements {
            apply(
              queries: queries, asking: asking ?? rows, keys: keys, values: values, rows: rows, layer: layer,
              cache: &cache, into: &$0, workers: workers)
          }
        }
      }
    }
  }
}

extension RotaryTable {
  /// `rotate` on whole memory.
  public func rotate(_ rows: inout some FloatMemory & ~Copyable, heads: Int, workers: Workers) {
    rows.withMutableElements { rotate(&$0, heads: heads, workers: workers) }
  }
}
