/// Rows of activations in the form that a format's products read, prepared once for all layers that read the same rows.
struct PreparedRows: ~Copyable {
  enum Form {
    /// Float32, unrotated: the caller's own rows, or padded.
    case plain
    /// Float32, rotated, for `int8` weights that are widened back.
    case rotated
    case bf16
    /// Rotated, scaled and moved to 0 … 255, with one scale per row.
    case int8

    /// Bytes of a channel.
    var size: Int {
      switch self {
      case .plain, .rotated: 4
      case .bf16: 2
      case .int8: 1
      }
    }
  }

  /// The rows for the products: valid as long as this value and the input are.
  let rows: ProductRows
  private let memory: Workspace<UInt8>
  private let scales: Workspace<Float>

  /// - Parameter input: [rows, inputs].
  init(
    _ input: SharedSpan<Float>, rows: Int, inputs: Int, form: Form, padded: Int, rotation: Int, workers: Workers
  ) {
    let isPlain = form == .plain && padded == inputs
    memory = workers.workspaces.take(isPlain ? 0 : rows * padded * form.size)
    scales = workers.workspaces.take(form == .int8 ? rows : 0)
    guard !isPlain else {
      let bytes = UnsafeRawBufferPointer(input[0..<rows * inputs]).assumingMemoryBound(to: UInt8.self)
      self.rows = ProductRows(SharedSpan(reading: bytes), stride: inputs, size: form.size, scales: nil)
      return
    }
    let work = Work(
      input: input, inputs: inputs, form: form, padded: padded, rotation: rotation, target: memory.elements,
      scales: scales.elements, workspaces: workers.workspaces)
    // Less than a few microseconds of work is not worth a second thread.
    workers.forEachRange(of: rows, grain: rows * inputs < 4096 ? rows : 1) { work.prepare($0) }
    self.rows = ProductRows(
      memory.elements, stride: padded, size: form.size, scales: form == .int8 ? scales.elements : nil)
  }

  /// Rows in bfloat16, scaled: [rows.rows, padded]. Uses the CPU's own instruction if it has one.
  static func narrow(
    _ rows: PackingMath.Source, scale: Float, padded: Int, into destination: UnsafeMutableBufferPointer<UInt16>
  ) {
    guard !FusedProducts.formats.contains(.bf16) else {
      FusedProducts.narrow(rows, scale: scale, padded: padded, into: destination)
      return
    }
    for row in 0..<rows.rows {
      let from = row * rows.stride
      PackingMath.narrow(
        UnsafeBufferPointer(rebasing: rows.values[from..<from + rows.columns]), scale: scale,
        into: UnsafeMutableBufferPointer(rebasing: destination[row * padded..<(row + 1) * padded]))
    }
  }

  /// What threads share: the input is only read, and each row writes its own memory.
  private struct Work: Sendable {
    let input: SharedSpan<Float>
    let inputs: Int
    let form: Form
    let padded: Int
    let rotation: Int
    let target: SharedSpan<UInt8>
    let scales: SharedSpan<Float>
    let workspaces: WorkspacePool

    func prepare(_ range: Range<Int>) {
      let rotated = workspaces.take(form == .int8 ? inputs : 0, of: Float.self)
      defer { withExtendedLifetime(rotated) {} }
      for row in range {
        let from = input[row * inputs..<(row + 1) * inputs]
        let to = target.part(row * padded * form.size..<(row + 1) * padded * form.size)
        switch form {
        case .plain: PackingMath.pad(from, into: to.writableElements(Float.self))
        case .bf16:
          let source = PackingMath.Source(from, stride: inputs, rows: 1, columns: inputs)
          PreparedRows.narrow(source, scale: 1, padded: padded, into: to.writableElements(UInt16.self))
        case .rotated:
          let values = to.writableElements(Float.self)
          PackingMath.pad(from, into: values)
          PackingMath.rotate(UnsafeMutableBufferPointer(rebasing: values[..<inputs]), rotation)
        case .int8:
          scales.writable(row..<row + 1)[0] = PackingMath.quantise(
            from, block: rotation, rotated: rotated.elements.writable(0..<inputs),
            into: to.writableElements(UInt8.self))
        }
      }
    }
  }
}

/// Rows of activations as one product reads them.
struct ProductRows: Sendable {
  private let bytes: SharedSpan<UInt8>
  /// Channels from one row to the next.
  let stride: Int
  /// Bytes of a channel.
  private let size: Int
  private let ownScales: SharedSpan<Float>?

  init(_ bytes: SharedSpan<UInt8>, stride: Int, size: Int, scales: SharedSpan<Float>?) {
    self.bytes = bytes
    self.stride = stride
    self.size = size
    ownScales = scales
  }

  /// `int8`: one per row.
  var scales: UnsafeBufferPointer<Float>? { ownScales?.all }

  func elements<Element: BitwiseCopyable>(_ type: Element.Type) -> UnsafeBufferPointer<Element> {
    bytes.elements(type)
  }

  /// The rows from `row` on.
  func dropFirst(_ row: Int) -> ProductRows {
    ProductRows(
      bytes.part(row * stride * size..<bytes.count), stride: stride, size: size,
      scales: ownScales.map { $0.part(row..<$0.count) })
  }
}
