import CKernels

/// Swift's door to our own products, which apply scales, bias and residual while the sums are in registers. oneDNN's come close to
/// them in bare speed, but leave sums in memory for another pass, and take a few microseconds to set out.
enum FusedProducts {
  /// Formats that this CPU has instructions for.
  static let formats: Set<NumberFormat> = {
    var formats: Set<NumberFormat> = []
    if cv_multiplies_int8() != 0 { formats.insert(.int8) }
    if cv_multiplies_bf16() != 0 { formats.insert(.bf16) }
    return formats
  }()

  /// Rows that share one reading of a panel.
  static let groupRows = Int(CV_GROUP_ROWS)

  /// block (+)= rows · panels (+ bias), for prepared rows [block.rows, stride] of a format in `formats`.
  static func multiply(
    _ rows: UnsafeRawPointer, stride: Int, scales: UnsafePointer<Float>?, _ weights: PackedWeights,
    _ panels: Range<Int>, into block: PackingMath.Block, _ finish: ProductFinish
  ) {
    let place = weights.memory + panels.lowerBound * weights.panelBytes
    let first = panels.lowerBound * PackedWeights.panelWidth
    if weights.format == .bf16 {
      multiply(
        bf16: rows.assumingMemoryBound(to: UInt16.self), stride: stride, inner: weights.paddedInputs,
        place.assumingMemoryBound(to: UInt16.self), panelStride: weights.paddedInputs * PackedWeights.panelWidth,
        scales: nil, into: block, finish)
      return
    }
    var output = output(block, finish)
    cv_product_int8(
      rows.assumingMemoryBound(to: UInt8.self), stride, scales, block.rows, place.assumingMemoryBound(to: Int8.self),
      weights.paddedInputs, weights.sums + first, weights.scales + first, &output)
  }

  /// block (+)= rows [block.rows, stride] · panels of `inner` channels, `panelStride` values apart.
  /// - Parameter scales: one a row of the product, or nil.
  static func multiply(
    bf16 rows: UnsafePointer<UInt16>, stride: Int, inner: Int, _ panels: UnsafePointer<UInt16>, panelStride: Int,
    scales: UnsafePointer<Float>?, into block: PackingMath.Block, _ finish: ProductFinish = ProductFinish()
  ) {
    var output = output(block, finish)
    cv_product_bf16(rows, stride, scales, block.rows, panels, panelStride, inner, &output)
  }

  /// The softmax in bfloat16 but for a factor, which is returned: a product of it is scaled by that, a pass less over the row. What
  /// is kept has it. In the instructions that come with `multiply(bf16:)`.
  static func softmax(
    _ row: UnsafeMutablePointer<Float>, count: Int, keeping: Bool, padded: Int,
    narrowedInto narrowed: UnsafeMutablePointer<UInt16>
  ) -> Float { cv_softmax_bf16(row, count, keeping ? 1 : 0, padded, narrowed) }

  /// Rows [rows, width], narrowed and scaled: [rows, padded].
  static func narrow(
    _ source: UnsafePointer<Float>, stride: Int, rows: Int, scale: Float, _ width: Int, _ padded: Int,
    _ destination: UnsafeMutablePointer<UInt16>
  ) { cv_narrow_rows(source, stride, rows, scale, width, padded, destination) }

  /// `PackingMath.packBF16` in the instructions that come with `multiply(bf16:)`.
  static func packBF16(
    _ rows: UnsafePointer<Float>, stride: Int, _ columns: Int, _ inputs: Int, _ padded: Int,
    _ panel: UnsafeMutablePointer<UInt16>
  ) { cv_pack_keys(rows, stride, columns, inputs, padded, panel) }

  /// `PackingMath.packBF16(transposed:)`, likewise.
  static func packBF16(
    transposed rows: UnsafePointer<Float>, stride: Int, _ columns: Int, _ inputs: Int, _ padded: Int,
    _ panel: UnsafeMutablePointer<UInt16>
  ) { cv_pack_values(rows, stride, columns, inputs, padded, panel) }

  private static func output(_ block: PackingMath.Block, _ finish: ProductFinish) -> cv_output {
    cv_output(
      start: block.start, stride: block.stride, columns: block.count, bias: finish.bias,
      accumulate: finish.accumulate ? 1 : 0, activate: finish.activation.map(loop), factors: finish.factors,
      factor_stride: finish.factorStride)
  }

  /// The activation's loop that goes with our own products.
  static func loop(_ activation: Activation) -> Activation.Loop {
    switch activation {
    case .silu: cv_silu_wide
    case .quickGelu: cv_quick_gelu_wide
    case .gelu, .geluNew, .geluTanh, .relu: activation.loop
    }
  }
}
