import CKernels

/// An element-wise non-linearity, named as Hugging Face configurations name it.
public enum Activation: String, Sendable, Hashable, CaseIterable {
  case gelu
  case quickGelu = "quick_gelu"
  case geluNew = "gelu_new"
  case geluTanh = "gelu_pytorch_tanh"
  case silu
  case relu
}

extension Activation {
  /// values [rows, count] ← activation(values) (· factors), with strides between rows.
  typealias Loop =
    @convention(c) (
      _ values: UnsafeMutablePointer<Float>?, _ stride: Int, _ rows: Int, _ count: Int,
      _ factors: UnsafePointer<Float>?, _ factorStride: Int
    ) -> Void

  var loop: Loop {
    switch self {
    case .gelu: cv_gelu
    case .quickGelu: cv_quick_gelu
    case .geluNew, .geluTanh: cv_gelu_tanh
    case .silu: cv_silu
    case .relu: cv_relu
    }
  }
}

/// Swift wrapper around the multiversioned C loops, which check nothing: sizes are checked here.
enum VectorMath {
  static func apply(_ activation: Activation, to values: UnsafeMutableBufferPointer<Float>) {
    activation.loop(values.baseAddress, values.count, 1, values.count, nil, 0)
  }

  /// block = activation(block), or activation(block) · factors where there are some.
  static func apply(_ activation: Activation, to block: Block, factors: Factors? = nil) {
    precondition(factors?.cover(block) ?? true, "one factor an element")
    activation.loop(
      block.start, block.stride, block.rows, block.count, factors?.values.baseAddress, factors?.stride ?? 0)
  }

  static func softmax(_ row: UnsafeMutableBufferPointer<Float>) { cv_softmax(row.baseAddress, row.count) }

  /// The softmax in bfloat16, followed by zeros to the end of `narrowed`. When `keeping`, `row` holds it too; else the
  /// contents of `row` are undefined.
  static func softmax(
    _ row: UnsafeMutableBufferPointer<Float>, keeping: Bool, narrowedInto narrowed: UnsafeMutableBufferPointer<UInt16>
  ) {
    precondition(narrowed.count >= row.count, "a narrowed row holds what it is made from")
    cv_softmax_narrow(row.baseAddress, row.count, keeping ? 1 : 0, narrowed.count, narrowed.baseAddress)
  }

  /// The number of heads for which one `attend` is fastest: SHARING in attention_row.c.
  static let headsTogether = 4

  /// context [heads, width] = softmax(scale · keys · queries) · values: one row of heads that share keys and values
  /// [positions, width].
  /// - Parameter scores: room for [heads, positions].
  static func attend(
    _ queries: UnsafeBufferPointer<Float>, heads: Int, keys: UnsafeBufferPointer<Float>,
    values: UnsafeBufferPointer<Float>, scale: Float, scores: UnsafeMutableBufferPointer<Float>,
    into context: UnsafeMutableBufferPointer<Float>
  ) {
    let width = queries.count / heads
    let positions = keys.count / width
    precondition(
      heads <= headsTogether && queries.count == heads * width && context.count == queries.count
        && keys.count == positions * width && values.count == keys.count && scores.count >= heads * positions,
      "one row's operands have one width and as many keys as values")
    cv_attend_row(
      heads, queries.baseAddress, keys.baseAddress, values.baseAddress, positions, width, scale, scores.baseAddress,
      context.baseAddress)
  }

  static func add(_ source: UnsafeBufferPointer<Float>, to destination: UnsafeMutableBufferPointer<Float>) {
    precondition(source.count == destination.count, "as many are added as there are")
    cv_add(destination.baseAddress, source.baseAddress, source.count)
  }

  static func add(_ source: UnsafeBufferPointer<Float>, to destination: UnsafeMutableBufferPointer<Double>) {
    precondition(source.count == destination.count, "as many are added as there are")
    cv_add_double(destination.baseAddress, source.baseAddress, source.count)
  }

  static func addScaled(
    _ source: UnsafeBufferPointer<Float>, by factor: Float, to destination: UnsafeMutableBufferPointer<Float>
  ) {
    precondition(source.count == destination.count, "as many are added as there are")
    cv_add_scaled(destination.baseAddress, source.baseAddress, factor, source.count)
  }

  /// In double, in index order.
  static func sum(_ values: UnsafeBufferPointer<Float>) -> Double { cv_sum(values.baseAddress, values.count) }

  /// matrix [rows, columns] · vector [columns] → output [rows], or added to it.
  static func multiply(
    matrix: UnsafeBufferPointer<Float>, vector: UnsafeBufferPointer<Float>,
    into output: UnsafeMutableBufferPointer<Float>, accumulate: Bool = false
  ) {
    precondition(matrix.count == output.count * vector.count, "a matrix has a row an output")
    cv_matrix_vector(
      matrix.baseAddress, vector.baseAddress, output.baseAddress, output.count, vector.count, accumulate ? 1 : 0)
  }

  /// Turns the channel pairs (i, i + half) of one head, [2 · half], by angles whose cosines and sines are [half].
  static func rotateHalf(
    _ head: UnsafeMutableBufferPointer<Float>, cosines: UnsafeBufferPointer<Float>, sines: UnsafeBufferPointer<Float>
  ) {
    precondition(cosines.count == sines.count && head.count == 2 * cosines.count, "one angle a pair")
    cv_rotate_half(head.baseAddress, cosines.baseAddress, sines.baseAddress, cosines.count)
  }

  static func layerNorm(
    _ input: UnsafeBufferPointer<Float>, gain: UnsafeBufferPointer<Float>, bias: UnsafeBufferPointer<Float>,
    epsilon: Float, into output: UnsafeMutableBufferPointer<Float>
  ) {
    precondition(
      gain.count == input.count && bias.count == input.count && output.count == input.count, "a norm has one width")
    cv_layer_norm(
      input.baseAddress, gain.baseAddress, bias.baseAddress, epsilon, output.baseAddress, input.count)
  }

  /// A row divided by its length, which is computed in double; zeros if the length is zero.
  static func normalise(_ row: UnsafeBufferPointer<Float>, into output: UnsafeMutableBufferPointer<Float>) {
    precondition(row.count == output.count, "a direction is as wide as its row")
    cv_normalise(row.baseAddress, output.baseAddress, row.count)
  }

  static func rmsNorm(
    _ input: UnsafeBufferPointer<Float>, gain: UnsafeBufferPointer<Float>, epsilon: Float,
    into output: UnsafeMutableBufferPointer<Float>
  ) {
    precondition(gain.count == input.count && output.count == input.count, "a norm has one width")
    cv_rms_norm(input.baseAddress, gain.baseAddress, epsilon, output.baseAddress, input.count)
  }
}

/// Widening of stored weights.
public enum HalfPrecision {
  /// IEEE half → Float32; the two must have the same number of elements.
  public static func widenF16(
    _ source: UnsafeBufferPointer<UInt16>, into destination: UnsafeMutableBufferPointer<Float>
  ) {
    precondition(source.count == destination.count, "widening keeps the number of elements")
    guard let from = source.baseAddress, let to = destination.baseAddress else { return }
    cv_widen_f16(from, to, source.count)
  }

  /// bfloat16 → Float32; the two must have the same number of elements.
  public static func widenBF16(
    _ source: UnsafeBufferPointer<UInt16>, into destination: UnsafeMutableBufferPointer<Float>
  ) {
    precondition(source.count == destination.count, "widening keeps the number of elements")
    guard let from = source.baseAddress, let to = destination.baseAddress else { return }
    cv_widen_bf16(from, to, source.count)
  }
}
