import Kernels
import Pruning

/// The activations of one view on its way through the encoder: rooms of a pool, reused by every block and, when they
/// have gone back, by the next view.
struct EncoderWorkspace: ~Copyable {
  /// Rows of the sequence: those that are left where the tower drops some. They stand at the front of each buffer.
  private(set) var tokens: Int
  /// The residual stream, [tokens, width].
  var hidden: AlignedBuffer
  var normed: AlignedBuffer
  var queries: AlignedBuffer
  var keys: AlignedBuffer
  var values: AlignedBuffer
  var context: AlignedBuffer
  /// [tokens, feedForwardWidth].
  var inner: AlignedBuffer

  /// - Parameter hidden: [tokens, width].
  init(hidden: consuming AlignedBuffer, tokens: Int, feedForwardWidth: Int, from pool: WorkspacePool) {
    let size = hidden.count
    self.tokens = tokens
    self.hidden = hidden
    normed = AlignedBuffer(count: size, from: pool)
    queries = AlignedBuffer(count: size, from: pool)
    keys = AlignedBuffer(count: size, from: pool)
    values = AlignedBuffer(count: size, from: pool)
    context = AlignedBuffer(count: size, from: pool)
    inner = AlignedBuffer(count: tokens * feedForwardWidth, from: pool)
  }

  /// Puts fewer rows in the place of the residual stream.
  mutating func reduce(by map: TokenMap, width: Int, workers: Workers) {
    hidden.withElements { source in
      source.withUnsafeBufferPointer { source in
        context.withMutableElements { target in
          target.withUnsafeMutableBufferPointer { target in
            let (source, target) = (SharedSpan(reading: source), SharedSpan(writing: target))
            workers.forEachRange(of: map.rows, grain: 16) { rows in
              for row in rows {
                map.write(row, of: source.all, into: target.writable(row * width..<(row + 1) * width))
              }
            }
          }
        }
      }
    }
    swap(&hidden, &context)
    tokens = map.rows
  }
}

/// One pre-norm transformer block: x += attention(norm(x)); x += feedForward(norm(x)).
struct EncoderBlock: Sendable {
  let attentionNorm: LayerNorm
  let query: Linear
  let key: Linear
  let value: Linear
  let output: Linear
  let feedForwardNorm: LayerNorm
  let expand: Linear
  let contract: Linear
  let attention: EncoderAttention
  let activation: Activation

  /// The first half of the block, on the workspace's residual stream.
  /// - Parameter offsets: as `EncoderAttention.apply`.
  /// - Returns: the value of each tap in `taps`.
  func attend(_ work: inout EncoderWorkspace, offsets: [Float]?, taps: Set<AttentionTap>, workers: Workers)
    -> [AttentionTap: TapValue]
  {
    let rows = work.tokens
    attentionNorm.apply(work.hidden, rows: rows, into: &work.normed, workers: workers)
    Linear.apply(
      query, key, value, to: work.normed, rows: rows, into: &work.queries, &work.keys, &work.values, workers: workers)
    let found = attention.apply(
      queries: work.queries, keys: work.keys, values: work.values, tokens: rows, offsets: offsets, into: &work.context,
      taps: taps, workers: workers)
    output.apply(work.context, rows: rows, into: &work.hidden, accumulate: true, workers: workers)
    return found
  }

  /// The second half of the block.
  func feedForward(_ work: inout EncoderWorkspace, workers: Workers) {
    let rows = work.tokens
    feedForwardNorm.apply(work.hidden, rows: rows, into: &work.normed, workers: workers)
    expand.apply(work.normed, rows: rows, into: &work.inner, activation: activation, workers: workers)
    contract.apply(work.inner, rows: rows, into: &work.hidden, accumulate: true, workers: workers)
  }

  /// The taps of a block whose output is not used: only queries, keys and their products are computed.
  func take(_ work: inout EncoderWorkspace, offsets: [Float]?, taps: Set<AttentionTap>, workers: Workers)
    -> [AttentionTap: TapValue]
  {
    attentionNorm.apply(work.hidden, rows: work.tokens, into: &work.normed, workers: workers)
    query.apply(work.normed, rows: work.tokens, into: &work.queries, workers: workers)
    key.apply(work.normed, rows: work.tokens, into: &work.keys, workers: workers)
    return attention.taps(
      queries: work.queries, keys: work.keys, tokens: work.tokens, offsets: offsets, taps: taps, workers: workers)
  }
}
