/// A weight matrix in the layout that products read: panels of 64 outputs (see pack.h), for `int8` followed by one scale and
/// one sum an output. The same bytes whatever the CPU and the number of threads, so that they can be kept in a file.
///
/// Unchecked because of the pointer: it is only ever read, and `owner` keeps it valid.
public final class PackedWeights: @unchecked Sendable {
  public static let panelWidth = 64
  /// Where one changes how weights are packed, files with earlier bytes must not be read any more.
  public static let layoutVersion = 1

  public let format: NumberFormat
  public let inputs: Int
  public let outputs: Int
  let memory: UnsafeRawPointer
  private let owner: AnyObject?

  /// A view of `byteCount` bytes at `memory`, aligned to 64 and valid as long as `owner` lives.
  public init(format: NumberFormat, inputs: Int, outputs: Int, viewing memory: UnsafeRawPointer, owner: AnyObject) {
    precondition(Int(bitPattern: memory) % 64 == 0, "packed weights are aligned to cache lines")
    self.format = format
    self.inputs = inputs
    self.outputs = outputs
    self.memory = memory
    self.owner = owner
  }

  /// Packs weights [outputs, inputs].
  /// - Parameter widen: writes the rows in `range`, [range.count, inputs], as Float32; called from several threads.
  public init(
    format: NumberFormat, inputs: Int, outputs: Int, workers: Workers,
    widen: (_ range: Range<Int>, _ destination: UnsafeMutablePointer<Float>) -> Void
  ) {
    precondition(inputs > 0 && outputs > 0, "a matrix has a size")
    self.format = format
    self.inputs = inputs
    self.outputs = outputs
    owner = nil
    let bytes = Self.byteCount(format: format, inputs: inputs, outputs: outputs)
    let target = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 64)
    memory = UnsafeRawPointer(target)
    let packer = Packer(format: format, inputs: inputs, outputs: outputs, target: target)
    workers.forEachRange(of: packer.panels) { panels in
      let rows = UnsafeMutablePointer<Float>.allocate(capacity: Self.panelWidth * inputs)
      defer { rows.deallocate() }
      for panel in panels {
        let range = panel * Self.panelWidth..<min((panel + 1) * Self.panelWidth, outputs)
        widen(range, rows)
        packer.pack(rows, panel: panel, columns: range.count)
      }
    }
  }

  deinit {
    if owner == nil { UnsafeMutableRawPointer(mutating: memory).deallocate() }
  }

  /// Bytes that a matrix takes in packed form; a multiple of 64.
  public static func byteCount(format: NumberFormat, inputs: Int, outputs: Int) -> Int {
    let panels = panelCount(outputs)
    let each = paddedInputs(format, inputs) * panelWidth * format.size
    return panels * each + (format == .int8 ? panels * panelWidth * 8 : 0)
  }

  /// Bytes of this matrix.
  public var byteCount: Int { Self.byteCount(format: format, inputs: inputs, outputs: outputs) }

  /// All bytes, to be written to a file.
  public func withBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
    withExtendedLifetime(self) { body(UnsafeRawBufferPointer(start: memory, count: byteCount)) }
  }

  var paddedInputs: Int { Self.paddedInputs(format, inputs) }
  var panels: Int { Self.panelCount(outputs) }
  /// Bytes of one panel.
  var panelBytes: Int { paddedInputs * Self.panelWidth * format.size }
  /// `int8`: one an output of all panels.
  var scales: UnsafePointer<Float> { (memory + panels * panelBytes).assumingMemoryBound(to: Float.self) }
  /// `int8`: the sum of each output's integers.
  var sums: UnsafePointer<Int32> {
    (memory + panels * (panelBytes + Self.panelWidth * 4)).assumingMemoryBound(to: Int32.self)
  }
  /// `int8`: input channels are rotated in blocks of this many.
  var rotation: Int { Self.rotation(inputs) }

  static func panelCount(_ outputs: Int) -> Int { (outputs + panelWidth - 1) / panelWidth }

  static func paddedInputs(_ format: NumberFormat, _ inputs: Int) -> Int {
    (inputs + format.granularity - 1) / format.granularity * format.granularity
  }

  /// 64, or the largest power of two that divides the width.
  static func rotation(_ inputs: Int) -> Int { min(64, inputs & -inputs) }
}

/// Writes panels into the memory of a new matrix. Unchecked because of the pointer: every panel has bytes of its own.
private struct Packer: @unchecked Sendable {
  let format: NumberFormat
  let inputs: Int
  let outputs: Int
  let target: UnsafeMutableRawPointer

  var panels: Int { PackedWeights.panelCount(outputs) }

  /// Packs rows [columns, inputs], which are used up.
  func pack(_ rows: UnsafeMutablePointer<Float>, panel: Int, columns: Int) {
    let width = PackedWeights.panelWidth
    let padded = PackedWeights.paddedInputs(format, inputs)
    let place = target + panel * padded * width * format.size
    switch format {
    case .f32: PackingMath.packF32(rows, columns, inputs, padded, place.assumingMemoryBound(to: Float.self))
    case .bf16:
      PackingMath.packBF16(rows, stride: inputs, columns, inputs, padded, place.assumingMemoryBound(to: UInt16.self))
    case .int8:
      PackingMath.rotate(rows, columns * inputs, PackedWeights.rotation(inputs))
      let tail = target + panels * padded * width
      let scales = tail.assumingMemoryBound(to: Float.self) + panel * width
      let sums = (tail + panels * width * 4).assumingMemoryBound(to: Int32.self) + panel * width
      scales.update(repeating: 0, count: width)
      sums.update(repeating: 0, count: width)
      PackingMath.packInt8(rows, columns, inputs, padded, place.assumingMemoryBound(to: Int8.self), scales, sums)
    }
  }
}
