/// Rows of activations in the form in which a format's products read them, made once for all layers that read the same rows.
struct PreparedRows: ~Copyable {
  enum Form {
    /// Float32, unrotated: as the caller has them, or padded.
    case plain
    /// Float32 behind the rotation, for weights that are widened again.
    case rotated
    case bf16
    /// Rotated, scaled and moved to 0 … 255, with one scale a row.
    case int8
  }

  let rows: Int
  /// Channels from one row to the next.
  let stride: Int
  let memory: UnsafeRawPointer
  /// `int8`: one a row.
  let scales: UnsafePointer<Float>?
  private let ownsMemory: Bool

  init(
    _ input: UnsafePointer<Float>, rows: Int, inputs: Int, form: Form, padded: Int, rotation: Int, workers: Workers
  ) {
    self.rows = rows
    stride = padded
    guard form != .plain || padded != inputs else {
      memory = UnsafeRawPointer(input)
      scales = nil
      ownsMemory = false
      return
    }
    let size = form == .int8 ? 1 : form == .bf16 ? 2 : 4
    let target = UnsafeMutableRawPointer.allocate(byteCount: max(rows * padded * size, 64), alignment: 64)
    let scales = form == .int8 ? UnsafeMutablePointer<Float>.allocate(capacity: rows) : nil
    let work = Work(
      input: input, inputs: inputs, form: form, padded: padded, rotation: rotation, target: target, scales: scales)
    workers.forEachRange(of: rows, grain: 16) { work.prepare($0) }
    memory = UnsafeRawPointer(target)
    self.scales = scales.map { UnsafePointer($0) }
    ownsMemory = true
  }

  /// Rows [rows, width] in bfloat16, scaled: [rows, padded], by the CPU's own instruction where it has it.
  static func narrow(
    _ source: UnsafePointer<Float>, stride: Int, rows: Int, scale: Float, _ width: Int, _ padded: Int,
    _ destination: UnsafeMutablePointer<UInt16>
  ) {
    guard !FusedProducts.formats.contains(.bf16) else {
      FusedProducts.narrow(source, stride: stride, rows: rows, scale: scale, width, padded, destination)
      return
    }
    for row in 0..<rows {
      PackingMath.narrow(source + row * stride, scale: scale, width, padded, destination + row * padded)
    }
  }

  deinit {
    guard ownsMemory else { return }
    memory.deallocate()
    scales?.deallocate()
  }

  /// What threads share. Unchecked because of the pointers: the input is only read, and every row writes memory of its own.
  private struct Work: @unchecked Sendable {
    let input: UnsafePointer<Float>
    let inputs: Int
    let form: Form
    let padded: Int
    let rotation: Int
    let target: UnsafeMutableRawPointer
    let scales: UnsafeMutablePointer<Float>?

    func prepare(_ range: Range<Int>) {
      let rotated = UnsafeMutablePointer<Float>.allocate(capacity: inputs)
      defer { rotated.deallocate() }
      for row in range {
        let from = input + row * inputs
        switch form {
        case .plain:
          PackingMath.pad(from, inputs, padded, target.assumingMemoryBound(to: Float.self) + row * padded)
        case .bf16:
          let to = target.assumingMemoryBound(to: UInt16.self) + row * padded
          PreparedRows.narrow(from, stride: inputs, rows: 1, scale: 1, inputs, padded, to)
        case .rotated:
          let to = target.assumingMemoryBound(to: Float.self) + row * padded
          PackingMath.pad(from, inputs, padded, to)
          PackingMath.rotate(to, inputs, rotation)
        case .int8:
          scales?[row] = PackingMath.quantise(
            from, inputs, rotation, rotated, padded, target.assumingMemoryBound(to: UInt8.self) + row * padded)
        }
      }
    }
  }
}
