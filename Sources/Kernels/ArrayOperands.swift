// The kernels on arrays. Two spans into the fields of one workspace cannot be taken side by side (each holds the whole
// workspace exclusively), while two of its arrays can be passed: these overloads take the spans on the inside. Nothing is copied.

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
    request: AttentionTapRequest = .nothing, workers: Workers
  ) -> AttentionTaps {
    var span = context.mutableSpan
    return apply(
      queries: queries.span, keys: keys.span, values: values.span, tokens: tokens, into: &span, request: request,
      workers: workers)
  }
}

extension CausalAttention {
  /// `apply` on arrays.
  public func apply(
    queries: [Float], keys: [Float], values: [Float], rows: Int, layer: Int, cache: inout KeyValueCache,
    into context: inout [Float], workers: Workers
  ) {
    var span = context.mutableSpan
    apply(
      queries: queries.span, keys: keys.span, values: values.span, rows: rows, layer: layer, cache: &cache, into: &span,
      workers: workers)
  }
}

extension RotaryTable {
  /// `rotate` on an array.
  public func rotate(_ rows: inout [Float], heads: Int, workers: Workers) {
    var span = rows.mutableSpan
    rotate(&span, heads: heads, workers: workers)
  }
}

extension ElementWise {
  /// `gate` on arrays.
  public static func gate(
    _ gate: inout [Float], by up: [Float], count: Int, activation: Activation, workers: Workers
  ) {
    var span = gate.mutableSpan
    self.gate(&span, by: up.span, count: count, activation: activation, workers: workers)
  }
}
