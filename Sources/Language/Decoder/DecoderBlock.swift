import Checkpoint
import Kernels

/// The activations of one run of positions through the decoder: rooms of a pool, reused by every block and, when they
/// have gone back, by the next run. Where the last block keeps fewer rows, what stands after theirs is not used.
struct DecoderWorkspace: ~Copyable {
  private(set) var rows: Int
  private let width: Int
  /// The residual stream, [rows, width].
  var hidden: AlignedBuffer
  var normed: AlignedBuffer
  /// [rows, heads · headWidth].
  var queries: AlignedBuffer
  /// [rows, keyValueHeads · headWidth].
  var keys: AlignedBuffer
  var values: AlignedBuffer
  /// [rows, heads · headWidth].
  var context: AlignedBuffer
  /// [rows, feedForwardWidth].
  var gate: AlignedBuffer

  /// - Parameter hidden: [rows, width].
  init(_ configuration: DecoderConfiguration, hidden: [Float], from pool: WorkspacePool) {
    width = configuration.width
    let rows = hidden.count / configuration.width
    self.rows = rows
    self.hidden = AlignedBuffer(hidden, from: pool)
    func room(_ width: Int) -> AlignedBuffer { AlignedBuffer(count: rows * width, from: pool) }
    normed = room(configuration.width)
    queries = room(configuration.heads * configuration.headWidth)
    keys = room(configuration.keyValueHeads * configuration.headWidth)
    values = room(configuration.keyValueHeads * configuration.headWidth)
    context = room(configuration.heads * configuration.headWidth)
    gate = room(configuration.feedForwardWidth)
  }

  /// A copy of the last `count` rows of the residual stream.
  func hiddenRows(last count: Int) -> [Float] { hidden.values((rows - count) * width..<rows * width) }

  /// Forgets all but the last `count` rows of the residual stream and of what is normed.
  mutating func keepLast(_ count: Int) {
    hidden.moveToFront((rows - count) * width..<rows * width)
    normed.moveToFront((rows - count) * width..<rows * width)
    rows = count
  }
}

/// One pre-norm decoder block: x += attention(norm(x)); x += down(activation(gate(norm(x))) · up(norm(x))).
struct DecoderBlock: Sendable {
  private let attentionNorm: RMSNorm
  private let query: Linear
  private let key: Linear
  private let value: Linear
  private let output: Linear
  private let feedForwardNorm: RMSNorm
  private let gate: Linear
  private let up: Linear
  private let down: Linear
  private let attention: CausalAttention
  private let activation: Activation

  init(_ configuration: DecoderConfiguration, from scope: WeightScope) throws(CheckpointError) {
    let width = configuration.width
    let queryWidth = configuration.heads * configuration.headWidth
    let keyWidth = configuration.keyValueHeads * configuration.headWidth
    let own = scope.scope("self_attn")
    let bias = configuration.attentionBias
    attentionNorm = try scope.rmsNorm("input_layernorm", width: width, epsilon: configuration.normEpsilon)
    query = try own.linear("q_proj", inputs: width, outputs: queryWidth, bias: bias)
    key = try own.linear("k_proj", inputs: width, outputs: keyWidth, bias: bias)
    value = try own.linear("v_proj", inputs: width, outputs: keyWidth, bias: bias)
    output = try own.linear("o_proj", inputs: queryWidth, outputs: width, bias: bias)
    feedForwardNorm = try scope.rmsNorm("post_attention_layernorm", width: width, epsilon: configuration.normEpsilon)
    let mlp = scope.scope("mlp")
    let inner = configuration.feedForwardWidth
    gate = try mlp.linear("gate_proj", inputs: width, outputs: inner, bias: configuration.feedForwardBias)
    up = try mlp.linear("up_proj", inputs: width, outputs: inner, bias: configuration.feedForwardBias)
    down = try mlp.linear("down_proj", inputs: inner, outputs: width, bias: configuration.feedForwardBias)
    attention = CausalAttention(
      heads: configuration.heads, keyValueHeads: configuration.keyValueHeads, headWidth: configuration.headWidth,
      engine: scope.narrowEngine)
    activation = configuration.activation
  }

  /// Runs the block on the workspace's residual stream; keys and values of all rows go after the cache's filled
  /// positions.
  /// - Parameter wanted: how many last rows' output is read: the others give their keys and values and are dropped.
  func run(
    _ work: inout DecoderWorkspace, wanted: Int, layer: Int, rotation: RotaryTable, cache: inout KeyValueCache,
    workers: Workers
  ) {
    let rows = work.rows
    attentionNorm.apply(work.hidden, rows: rows, into: &work.normed, workers: workers)
    if wanted == rows {
      Linear.apply(
        query, key, value, to: work.normed, rows: rows, into: &work.queries, &work.keys, &work.values, workers: workers)
    } else {
      Linear.apply(key, value, to: work.normed, rows: rows, into: &work.keys, &work.values, workers: workers)
      work.keepLast(wanted)
      query.apply(work.normed, rows: wanted, into: &work.queries, workers: workers)
    }
    rotation.suffix(wanted).rotate(&work.queries, heads: attention.heads, workers: workers)
    rotation.rotate(&work.keys, heads: attention.keyValueHeads, workers: workers)
    attention.apply(
      queries: work.queries, asking: wanted, keys: work.keys, values: work.values, rows: rows, layer: layer,
      cache: &cache, into: &work.context, workers: workers)
    output.apply(work.context, rows: wanted, into: &work.hidden, accumulate: true, workers: workers)
    feedForwardNorm.apply(work.hidden, rows: wanted, into: &work.normed, workers: workers)
    gate.apply(
      gating: up, activation: activation, work.normed, rows: wanted, into: &work.gate, workers: workers)
    down.apply(work.gate, rows: wanted, into: &work.hidden, accumulate: true, workers: workers)
  }
}
