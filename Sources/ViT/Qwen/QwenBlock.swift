import Kernels

/// The activations of one view on its way through the tower: buffers from a pool, reused by every block and, once
/// returned, by the next view. Not `EncoderWorkspace`: a view has thousands of patches here, so normed rows and context
/// share a buffer, and the inner activations exist for a chunk of the rows at a time.
struct QwenWorkspace: ~Copyable {
  let patches: Int
  /// The residual stream, [patches, width].
  var hidden: AlignedBuffer
  /// Normed rows, and later the attention's context: the one is read before the other is written.
  var rows: AlignedBuffer
  var queries: AlignedBuffer
  var keys: AlignedBuffer
  var values: AlignedBuffer
  /// [at most `QwenFeedForward.chunk`, feedForwardWidth].
  var inner: AlignedBuffer

  /// - Parameter hidden: [patches, width].
  init(hidden: consuming AlignedBuffer, patches: Int, feedForwardWidth: Int, from pool: WorkspacePool) {
    let size = hidden.count
    self.patches = patches
    self.hidden = hidden
    rows = AlignedBuffer(count: size, from: pool)
    queries = AlignedBuffer(count: size, from: pool)
    keys = AlignedBuffer(count: size, from: pool)
    values = AlignedBuffer(count: size, from: pool)
    inner = AlignedBuffer(count: min(patches, QwenFeedForward.chunk) * feedForwardWidth, from: pool)
  }
}

/// LayerNorm or RMSNorm, as the generation has it.
enum QwenNorm: Sendable {
  case layer(LayerNorm)
  case rms(RMSNorm)

  /// output [rows, width] from input [rows, width].
  func apply(
    _ input: borrowing some FloatMemory & ~Copyable, rows: Int, into output: inout some FloatMemory & ~Copyable,
    workers: Workers
  ) {
    switch self {
    case .layer(let norm): norm.apply(input, rows: rows, into: &output, workers: workers)
    case .rms(let norm): norm.apply(input, rows: rows, into: &output, workers: workers)
    }
  }
}

/// A block's feed-forward layer, plain or gated.
enum QwenFeedForward: Sendable {
  case plain(expand: Linear, contract: Linear, Activation)
  case gated(gate: Linear, up: Linear, down: Linear, Activation)

  /// Rows that pass together. A view has thousands, and all their inner activations at once would be the tower's
  /// largest memory; so many still read the weights seldom enough.
  static let chunk = 2048

  /// hidden [rows, width] += the layer's output of input [rows, width].
  /// - Parameter inner: room for [at most `chunk`, feedForwardWidth].
  func apply(
    _ input: borrowing AlignedBuffer, rows: Int, inner: inout AlignedBuffer, addingTo hidden: inout AlignedBuffer,
    workers: Workers
  ) {
    let width = rows > 0 ? hidden.count / rows : 0
    for start in stride(from: 0, to: rows, by: Self.chunk) {
      let count = min(Self.chunk, rows - start)
      let place = start * width..<(start + count) * width
      input.withSpan(place) { input in
        inner.withMutableElements { inner in
          switch self {
          case .plain(let expand, _, let activation):
            expand.apply(input, rows: count, into: &inner, activation: activation, workers: workers)
          case .gated(let gate, let up, _, let activation):
            gate.apply(gating: up, activation: activation, input, rows: count, into: &inner, workers: workers)
          }
        }
      }
      let last =
        switch self {
        case .plain(_, let contract, _): contract
        case .gated(_, _, let down, _): down
        }
      inner.withElements { inner in
        hidden.withMutableSpan(place) { hidden in
          last.apply(inner, rows: count, into: &hidden, accumulate: true, workers: workers)
        }
      }
    }
  }
}

/// One pre-norm block: x += attention(norm(x)); x += feedForward(norm(x)). Queries and keys turn with their patch's row
/// and column.
struct QwenBlock: Sendable {
  let attentionNorm: QwenNorm
  let query: Linear
  let key: Linear
  let value: Linear
  let output: Linear
  let feedForwardNorm: QwenNorm
  let feedForward: QwenFeedForward
  let attention: EncoderAttention

  /// What a block gives besides its output.
  struct Evidence {
    var taps: [AttentionTap: TapValue] = [:]
    /// [patches, heads · headWidth], as projected: before rotation.
    var keys: Matrix?
  }

  /// Runs the block on the workspace's residual stream.
  /// - Parameters:
  ///   - segments: parts of the sequence that attend to themselves alone; nil: the whole sequence.
  ///   - showsKeys: whether the keys are wanted.
  func run(
    _ work: inout QwenWorkspace, segments: [Range<Int>]?, rotation: RotaryTable, taps: Set<AttentionTap>,
    showsKeys: Bool, workers: Workers
  ) -> Evidence {
    let patches = work.patches
    var evidence = Evidence()
    attentionNorm.apply(work.hidden, rows: patches, into: &work.rows, workers: workers)
    Linear.apply(
      query, key, value, to: work.rows, rows: patches, into: &work.queries, &work.keys, &work.values, workers: workers)
    if showsKeys {
      evidence.keys = Matrix(rows: patches, columns: key.outputs, values: work.keys.values(0..<work.keys.count))
    }
    rotation.rotate(&work.queries, heads: attention.heads, workers: workers)
    rotation.rotate(&work.keys, heads: attention.heads, workers: workers)
    evidence.taps = attention.apply(
      queries: work.queries, keys: work.keys, values: work.values, tokens: patches, segments: segments,
      into: &work.rows, taps: taps, workers: workers)
    output.apply(work.rows, rows: patches, into: &work.hidden, accumulate: true, workers: workers)
    feedForwardNorm.apply(work.hidden, rows: patches, into: &work.rows, workers: workers)
    feedForward.apply(
      work.rows, rows: patches, inner: &work.inner, addingTo: &work.hidden, workers: workers)
    return evidence
  }
}
