import Checkpoint
import Kernels

/// One pre-norm decoder block: x += attention(norm(x)); x += down(activation(gate(norm(x))) · up(norm(x))).
struct DecoderBlock: Sendable {
  let attentionNorm: RMSNorm
  let query: Linear
  let key: Linear
  private let value: Linear
  /// Norms over the width of one head; nil where queries and keys are not normed.
  let queryNorm: RMSNorm?
  let keyNorm: RMSNorm?
  private let output: Linear
  private let feedForwardNorm: RMSNorm
  private let gate: Linear
  private let up: Linear
  private let down: Linear
  let attention: CausalAttention
  private let activation: Activation

  init(_ configuration: DecoderConfiguration, from scope: WeightScope) throws(CheckpointError) {
    let width = configuration.width
    let queryWidth = configuration.heads * configuration.headWidth
    let keyWidth = configuration.keyValueHeads * configuration.headWidth
    let own = scope.scope("self_attn")
    let bias = configuration.queryKeyValueBias
    func headNorm(_ name: String) throws(CheckpointError) -> RMSNorm? {
      guard configuration.normsQueriesAndKeys else { return nil }
      return try own.rmsNorm(name, width: configuration.headWidth, epsilon: configuration.normEpsilon)
    }
    attentionNorm = try scope.rmsNorm("input_layernorm", width: width, epsilon: configuration.normEpsilon)
    query = try own.linear("q_proj", inputs: width, outputs: queryWidth, bias: bias)
    key = try own.linear("k_proj", inputs: width, outputs: keyWidth, bias: bias)
    value = try own.linear("v_proj", inputs: width, outputs: keyWidth, bias: bias)
    queryNorm = try headNorm("q_norm")
    keyNorm = try headNorm("k_norm")
    output = try own.linear(
      "o_proj", inputs: queryWidth, outputs: width, bias: configuration.attentionOutputBias)
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
  /// - Parameters:
  ///   - wanted: how many last rows' output is read: the others give their keys and values and are dropped.
  ///   - asPrompt: as `CausalAttention.apply`.
  func run(
    _ work: inout DecoderWorkspace, wanted: Int, layer: Int, rotation: RotaryTable, cache: inout KeyValueCache,
    asPrompt: Bool, workers: Workers
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
    queryNorm?.apply(inPlace: &work.queries, rows: wanted * attention.heads, workers: workers)
    keyNorm?.apply(inPlace: &work.keys, rows: rows * attention.keyValueHeads, workers: workers)
    rotation.suffix(wanted).rotate(&work.queries, heads: attention.heads, workers: workers)
    rotation.rotate(&work.keys, heads: attention.keyValueHeads, workers: workers)
    attention.apply(
      queries: work.queries, asking: wanted, keys: work.keys, values: work.values, rows: rows, layer: layer,
      cache: &cache, into: &work.context, asPrompt: asPrompt, workers: workers)
    finish(&work, rows: wanted, grouping: .together, workers: workers)
  }

  /// Runs the block on one new position of each of several sequences.
  /// - Parameter caches: one a row; keys and values go after their filled positions.
  func step(
    _ work: inout DecoderWorkspace, layer: Int, rotation: RotaryTable, caches: [SequenceCache], workers: Workers
  ) {
    let rows = work.rows
    attentionNorm.apply(work.hidden, rows: rows, into: &work.normed, workers: workers)
    Linear.apply(
      query, key, value, to: work.normed, rows: rows, into: &work.queries, &work.keys, &work.values,
      grouping: .eachAlone, workers: workers)
    queryNorm?.apply(inPlace: &work.queries, rows: rows * attention.heads, workers: workers)
    keyNorm?.apply(inPlace: &work.keys, rows: rows * attention.keyValueHeads, workers: workers)
    rotation.rotate(&work.queries, heads: attention.heads, workers: workers)
    rotation.rotate(&work.keys, heads: attention.keyValueHeads, workers: workers)
    attention.applyEach(
      queries: work.queries, keys: work.keys, values: work.values, layer: layer, caches: caches, into: &work.context,
      workers: workers)
    finish(&work, rows: rows, grouping: .eachAlone, workers: workers)
  }

  /// What follows attention: its output's projection and the feed-forward layers.
  private func finish(_ work: inout DecoderWorkspace, rows: Int, grouping: RowGrouping, workers: Workers) {
    output.apply(
      work.context, rows: rows, into: &work.hidden, accumulate: true, grouping: grouping, workers: workers)
    feedForwardNorm.apply(work.hidden, rows: rows, into: &work.normed, workers: workers)
    gate.apply(
      gating: up, activation: activation, work.normed, rows: rows, into: &work.gate, grouping: grouping,
      workers: workers)
    down.apply(work.gate, rows: rows, into: &work.hidden, accumulate: true, grouping: grouping, workers: workers)
  }
}
