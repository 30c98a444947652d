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
      _ factors: UnsafePointer<Float>?,
      _ factorStride: Int
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

/// Swift's door to the multiversioned C loops. Sizes are checked here, once.
enum VectorMath {
  static func apply(_ activation: Activation, to values: UnsafeMutableBufferPointer<Float>) {
    guard let base = values.baseAddress else { return }
    apply(activation, to: PackingMath.Block(start: base, stride: values.count, rows: 1, count: values.count))
  }

  /// block = activation(block), or activation(block) · factors where there are some.
  /// - Parameter factors: [block.rows, block.count], `factorStride` values between rows.
  static func apply(
    _ activation: Activation, to block: PackingMath.Block, factors: UnsafePointer<Float>? = nil, factorStride: Int = 0
  ) {
    activation.loop(block.start, block.stride, block.rows, block.count, factors, factorStride)
  }

  static func softmax(_ row: UnsafeMutablePointer<Float>, count: Int) { cv_softmax(row, count) }

  /// The softmax in bfloat16, behind it zeros up to `padded`. `row` holds it too when `keeping`, else nothing of use.
  static func softmax(
    _ row: UnsafeMutablePointer<Float>, count: Int, keeping: Bool, padded: Int,
    narrowedInto narrowed: UnsafeMutablePointer<UInt16>
  ) { cv_softmax_narrow(row, count, keeping ? 1 : 0, padded, narrowed) }

  /// Heads that one `attend` takes fastest: SHARING in attention_row.c.
  static let headsTogether = 4

  /// context [heads, width] = softmax(scale · keys · queries) · values: one row of heads that share keys and values
  /// [positions, width].
  /// - Parameter scores: room for [heads, positions].
  static func attend(
    _ queries: UnsafePointer<Float>, heads: Int, keys: UnsafePointer<Float>, values: UnsafePointer<Float>,
    positions: Int, width: Int, scale: Float, scores: UnsafeMutablePointer<Float>,
    into context: UnsafeMutablePointer<Float>
  ) { cv_attend_row(heads, queries, keys, values, positions, width, scale, scores, context) }

  static func add(_ source: UnsafePointer<Float>, to destination: UnsafeMutablePointer<Float>, count: Int) {
    cv_add(destination, source, count)
  }

  static func add(_ source: UnsafePointer<Float>, to destination: UnsafeMutablePointer<Double>, count: Int) {
    cv_add_double(destination, source, count)
  }

  static func addScaled(
    _ source: UnsafePointer<Float>, by factor: Float, to destination: UnsafeMutablePointer<Float>, count: Int
  ) {
    cv_add_scaled(destination, source, factor, count)
  }

  static func sum(_ values: UnsafePointer<Float>, count: Int) -> Double { cv_sum(values, count) }

  /// matrix [rows, columns] · vector [columns] → output [rows], or added to it.
  static func multiply(
    matrix: UnsafePointer<Float>, vector: UnsafePointer<Float>, into output: UnsafeMutablePointer<Float>, rows: Int,
    columns: Int, accumulate: Bool = false
  ) {
    cv_matrix_vector(matrix, vector, output, rows, columns, accumulate ? 1 : 0)
  }

  static func rotateHalf(
    _ head: UnsafeMutablePointer<Float>, cosines: UnsafePointer<Float>, sines: UnsafePointer<Float>, half: Int
  ) {
    cv_rotate_half(head, cosines, sines, half)
  }

  static func layerNorm(
    _ input: UnsafePointer<Float>, gain: UnsafePointer<Float>, bias: UnsafePointer<Float>, epsilon: Float,
    into output: UnsafeMutablePointer<Float>, count: Int
  ) {
    cv_layer_norm(input, gain, bias, epsilon, output, count)
  }

  static func rmsNorm(
    _ input: UnsafePointer<Float>, gain: UnsafePointer<Float>, epsilon: Float,
    into output: UnsafeMutablePointer<Float>, count: Int
  ) {
    cv_rms_norm(input, gain, epsilon, output, count)
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
