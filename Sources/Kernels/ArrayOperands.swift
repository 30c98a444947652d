// The kernels on arrays. Spans of two fields of one workspace cannot exist at once, because each borrows the whole
// workspace exclusively, but two of its arrays can be passed. These overloads take the spans inside the call. Nothing
// is copied.

extension [Float] {
  /// Uninitialised memory for `count` numbers; each is written before it is read. A workspace has tens of megabytes:
  /// this saves zeroing them, and their pages are first touched by several threads at once.
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
  /// Queries, keys and values from the same rows, which are prepared only once.
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

  /// Keys and values from the same rows, which are prepared only once.
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
  /// `apply` on arrays; without `asking`, all new positions ask.
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
