// The kernels on arrays. Two spans into the fields of one workspace cannot be taken side by side (each holds the whole
// workspace exclusively), while two of its arrays can be passed: these overloads take the spans on the inside. Nothing
// is copied.

extension [Float] {
  /// Memory for `count` numbers, each of which is written before it is read: not set to zero, and no page of it is
  /// taken before it is written, by several threads at once then. A workspace has tens of megabytes, and feels both.
  package init(roomFor count: Int) {
    self.init(unsafeUninitializedCapacity: count) { _, initialised in initialised = count }
  }
}

extension Linear {
  /// `apply` on arrays.
  public func apply(
    _ input: [Float], rows: Int, into output: inout [Float], activation: Activation? = nil, accumulate: Bool = false,
    workers: Workers
  ) {
    var span = output.mutableSpan
    apply(input.span, rows: rows, into: &span, activation: activation, accumulate: accumulate, workers: workers)
  }
}

extension Linear {
  /// Queries, keys and values of the same rows, which are prepared once.
  public static func apply(
    _ first: Linear, _ second: Linear, _ third: Linear, to input: [Float], rows: Int, into outputs: inout [Float],
    _ others: inout [Float], _ rest: inout [Float], workers: Workers
  ) {
    outputs.withUnsafeMutableBufferPointer { outputs in
      others.withUnsafeMutableBufferPointer { others in
        rest.withUnsafeMutableBufferPointer { rest in
          apply([first, second, third], input.span, rows: rows, into: [outputs, others, rest], workers: workers)
        }
      }
    }
  }

  /// Keys and values of the same rows, which are prepared once.
  public static func apply(
    _ first: Linear, _ second: Linear, to input: [Float], rows: Int, into outputs: inout [Float],
    _ others: inout [Float], workers: Workers
  ) {
    outputs.withUnsafeMutableBufferPointer { outputs in
      others.withUnsafeMutableBufferPointer { others in
        apply([first, second], input.span, rows: rows, into: [outputs, others], workers: workers)
      }
    }
  }

  /// The gated product on arrays.
  public func apply(
    gating up: Linear, activation: Activation, _ input: [Float], rows: Int, into output: inout [Float],
    workers: Workers
  ) {
    var span = output.mutableSpan
    apply(gating: up, activation: activation, input.span, rows: rows, into: &span, workers: workers)
  }
}

extension LayerNorm {
  /// `apply` on arrays.
  public func apply(_ input: [Float], rows: Int, into output: inout [Float], workers: Workers) {
    var span = output.mutableSpan
    apply(input.span, rows: rows, into: &span, workers: workers)
  }
}

extension RMSNorm {
  /// `apply` on arrays.
  public func apply(_ input: [Float], rows: Int, into output: inout [Float], workers: Workers) {
    var span = output.mutableSpan
    apply(input.span, rows: rows, into: &span, workers: workers)
  }
}

extension EncoderAttention {
  /// `apply` on arrays.
  public func apply(
    queries: [Float], keys: [Float], values: [Float], tokens: Int, into context: inout [Float],
    taps: Set<AttentionTap> = [], workers: Workers
  ) -> [AttentionTap: TapValue] {
    var span = context.mutableSpan
    return apply(
      queries: queries.span, keys: keys.span, values: values.span, tokens: tokens, into: &span, taps: taps,
      workers: workers)
  }
}

extension CausalAttention {
  /// `apply` on arrays; all new positions ask when `asking` is left out.
  public func apply(
    queries: [Float], asking: Int? = nil, keys: [Float], values: [Float], rows: Int, layer: Int,
    cache: inout KeyValueCache, into context: inout [Float], workers: Workers
  ) {
    var span = context.mutableSpan
    apply(
      queries: queries.span, asking: asking ?? rows, keys: keys.span, values: values.span, rows: rows, layer: layer,
      cache: &cache, into: &span, workers: workers)
  }
}

extension RotaryTable {
  /// `rotate` on an array.
  public func rotate(_ rows: inout [Float], heads: Int, workers: Workers) {
    var span = rows.mutableSpan
    rotate(&span, heads: heads, workers: workers)
  }
}
