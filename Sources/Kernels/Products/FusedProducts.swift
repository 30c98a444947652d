import CKernels

/// Swift wrapper around our own products, which apply scales, bias and residual before the sums leave the first caches.
/// oneDNN's come close to them in bare speed, but leave sums in memory for another pass, and take a few microseconds to
/// set up. Sizes are checked here.
enum FusedProducts {
  /// Formats that this CPU multiplies as they are stored.
  static let formats: Set<NumberFormat> =
    switch InstructionSet.current {
    case .baseline: []
    case .avx2, .avx512: [.int8]
    case .avx512bf16: [.int8, .bf16]
    }

  /// Formats whose weights are widened inside the product, and whose rows stay Float32.
  static let widened: Set<NumberFormat> =
    switch InstructionSet.current {
    case .avx2: [.bf16]
    case .baseline, .avx512, .avx512bf16: []
    }

  /// Rows that share one read of a panel.
  static let groupRows = Int(CV_GROUP_ROWS)

  /// block (+)= rows · panels (+ bias), for rows prepared for a format in `formats` or `widened`.
  static func multiply(
    _ rows: ProductRows, _ weights: PackedWeights, _ panels: Range<Int>, into block: Block, _ finish: ProductFinish
  ) {
    precondition(panels.count * PackedWeights.panelWidth >= block.count, "panels hold the wanted columns")
    if widened.contains(weights.format) {
      let values = rows.elements(Float.self)
      precondition(
        values.count >= (block.rows - 1) * rows.stride + weights.paddedInputs, "one prepared row a row of the product")
      var output = output(block, finish)
      cv_product_widened_bf16(
        values.baseAddress, rows.stride, block.rows, weights.bytes(ofPanels: panels).elements(UInt16.self).baseAddress,
        weights.paddedInputs, &output)
      return
    }
    if weights.format == .bf16 {
      multiply(
        bf16: rows.elements(UInt16.self), stride: rows.stride, inner: weights.paddedInputs,
        weights.bytes(ofPanels: panels).elements(UInt16.self),
        panelStride: weights.paddedInputs * PackedWeights.panelWidth, scales: nil, into: block, finish)
      return
    }
    let bytes = rows.elements(UInt8.self)
    let (sums, scales) = (weights.sums(ofPanels: panels), weights.scales(ofPanels: panels))
    precondition(
      bytes.count >= (block.rows - 1) * rows.stride + weights.paddedInputs
        && rows.scales?.count ?? 0 >= block.rows, "one prepared row and scale a row of the product")
    var output = output(block, finish)
    let multiply = InstructionSet.current >= .avx512 ? cv_product_int8_avx512 : cv_product_int8_avx2
    multiply(
      bytes.baseAddress, rows.stride, rows.scales?.baseAddress, block.rows,
      weights.bytes(ofPanels: panels).elements(Int8.self).baseAddress, weights.paddedInputs, sums.baseAddress,
      scales.baseAddress, &output)
  }

  /// block (+)= rows [block.rows, stride] · panels of `inner` channels, `panelStride` values apart.
  /// - Parameters:
  ///   - inner: even.
  ///   - scales: one per row of the product, or nil.
  static func multiply(
    bf16 rows: UnsafeBufferPointer<UInt16>, stride: Int, inner: Int, _ panels: UnsafeBufferPointer<UInt16>,
    panelStride: Int, scales: UnsafeBufferPointer<Float>?, into block: Block,
    _ finish: ProductFinish = ProductFinish()
  ) {
    precondition(
      inner % 2 == 0 && rows.count >= (block.rows - 1) * stride + inner && scales?.count ?? block.rows >= block.rows
        && panels.count >= (PackedWeights.panelCount(block.count) - 1) * panelStride
          + inner * PackedWeights.panelWidth,
      "rows and panels hold the product's channels")
    var output = output(block, finish)
    cv_product_bf16(
      rows.baseAddress, stride, scales?.baseAddress, block.rows, panels.baseAddress, panelStride, inner, &output)
  }

  /// The softmax in bfloat16 without its common factor, which is returned: scaling the product by it saves a pass over
  /// the row. A kept row includes the factor. Uses the instructions of `multiply(bf16:)`; zeros follow to the end of
  /// `narrowed`.
  static func softmax(
    _ row: UnsafeMutableBufferPointer<Float>, keeping: Bool, narrowedInto narrowed: UnsafeMutableBufferPointer<UInt16>
  ) -> Float {
    precondition(narrowed.count >= row.count && narrowed.count % 32 == 0, "a narrowed row holds what it is made from")
    return cv_softmax_bf16(row.baseAddress, row.count, keeping ? 1 : 0, narrowed.count, narrowed.baseAddress)
  }

  /// Rows narrowed and scaled: [rows.rows, padded].
  static func narrow(
    _ rows: PackingMath.Source, scale: Float, padded: Int, into narrowed: UnsafeMutableBufferPointer<UInt16>
  ) {
    precondition(
      padded >= rows.columns && padded % 32 == 0 && narrowed.count >= rows.rows * padded, "padded rows hold their rows")
    cv_narrow_rows(
      rows.values.baseAddress, rows.stride, rows.rows, scale, rows.columns, padded, narrowed.baseAddress)
  }

  /// `PackingMath.packBF16` with the instructions of `multiply(bf16:)`.
  static func packBF16(_ rows: PackingMath.Source, padded: Int, _ panel: UnsafeMutableBufferPointer<UInt16>) {
    precondition(rows.fits(panel.count, padded: padded) && padded % 32 == 0, "rows fit their panel")
    cv_pack_keys(rows.values.baseAddress, rows.stride, rows.rows, rows.columns, padded, panel.baseAddress)
  }

  /// `PackingMath.packBF16(transposed:)`, likewise.
  static func packBF16(
    transposed rows: PackingMath.Source, padded: Int, _ panel: UnsafeMutableBufferPointer<UInt16>
  ) {
    precondition(rows.fitsTransposed(panel.count, padded: padded) && padded % 32 == 0, "columns fit their panel")
    cv_pack_values(rows.values.baseAddress, rows.stride, rows.columns, rows.rows, padded, panel.baseAddress)
  }

  private static func output(_ block: Block, _ finish: ProductFinish) -> cv_output {
    precondition(
      finish.bias?.count ?? block.count >= block.count && finish.factors?.cover(block) ?? true,
      "one bias a column, one factor an element")
    return cv_output(
      start: block.start, stride: block.stride, columns: block.count, bias: finish.bias?.baseAddress,
      accumulate: finish.accumulate ? 1 : 0, activate: finish.activation.map(loop),
      factors: finish.factors?.values.baseAddress, factor_stride: finish.factors?.stride ?? 0)
  }

  /// The activation loop that our own products use.
  static func loop(_ activation: Activation) -> Activation.Loop {
    guard InstructionSet.current >= .avx512 else { return activation.loop }
    return switch activation {
    case .silu: cv_silu_wide
    case .quickGelu: cv_quick_gelu_wide
    case .gelu, .geluNew, .geluTanh, .relu: activation.loop
    }
  }
}
