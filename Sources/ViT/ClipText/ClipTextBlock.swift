import Checkpoint
import Kernels

/// One pre-norm block of CLIP's text tower; each position attends to those before it and itself.
struct ClipTextBlock: Sendable {
  private let attentionNorm: LayerNorm
  private let query: Linear
  private let key: Linear
  private let value: Linear
  private let output: Linear
  private let feedForwardNorm: LayerNorm
  private let expand: Linear
  private let contract: Linear
  private let attention: CausalAttention
  private let activation: Activation

  init(_ configuration: ClipTextConfiguration, from scope: WeightScope) throws(CheckpointError) {
    let width = configuration.width
    let own = scope.scope("self_attn")
    attentionNorm = try scope.layerNorm("layer_norm1", width: width, epsilon: configuration.normEpsilon)
    query = try own.linear("q_proj", inputs: width, outputs: width, bias: true)
    key = try own.linear("k_proj", inputs: width, outputs: width, bias: true)
    value = try own.linear("v_proj", inputs: width, outputs: width, bias: true)
    output = try own.linear("out_proj", inputs: width, outputs: width, bias: true)
    feedForwardNorm = try scope.layerNorm("layer_norm2", width: width, epsilon: configuration.normEpsilon)
    let mlp = scope.scope("mlp")
    expand = try mlp.linear("fc1", inputs: width, outputs: configuration.feedForwardWidth, bias: true)
    contract = try mlp.linear("fc2", inputs: configuration.feedForwardWidth, outputs: width, bias: true)
    attention = CausalAttention(
      heads: configuration.heads, keyValueHeads: configuration.heads, headWidth: width / configuration.heads)
    activation = configuration.activation
  }

  /// [tokens, width] → [tokens, width].
  func callAsFunction(_ hidden: Matrix, workers: Workers) -> Matrix {
    let normed = attentionNorm(hidden, workers: workers)
    let context = attend(
      query(normed, workers: workers), key(normed, workers: workers), value(normed, workers: workers), workers)
    let attended = hidden + output(context, workers: workers)
    let inner = expand(feedForwardNorm(attended, workers: workers), activation: activation, workers: workers)
    return attended + contract(inner, workers: workers)
  }

  private func attend(_ queries: Matrix, _ keys: Matrix, _ values: Matrix, _ workers: Workers) -> Matrix {
    var context = Matrix(rows: queries.rows, columns: queries.columns)
    var cache = KeyValueCache(
      layers: 1, heads: attention.keyValueHeads, headWidth: attention.headWidth, capacity: queries.rows)
    var span = context.values.mutableSpan
    attention.apply(
      queries: queries.values.span, asking: queries.rows, keys: keys.values.span, values: values.values.span,
      rows: queries.rows, layer: 0, cache: &cache, into: &span, workers: workers)
    return context
  }
}

extension Matrix {
  /// The sum of two matrices of one shape.
  fileprivate static func + (first: Matrix, second: Matrix) -> Matrix {
    Matrix(rows: first.rows, columns: first.columns, values: zip(first.values, second.values).map { $0 + $1 })
  }
}
