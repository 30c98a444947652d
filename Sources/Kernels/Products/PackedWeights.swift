/// A weight matrix in the layout that products read: panels of 64 outputs (see pack.h), for `int8` followed by one
/// scale and one sum per output. The bytes do not depend on the CPU or the number of threads, so they can be kept in a
/// file.
public final class PackedWeights: Sendable {
  public static let panelWidth = 64
  /// Increase it when the packing changes, so that files with older bytes are no longer read.
  public static let layoutVersion = 1

  public let format: NumberFormat
  public let inputs: Int
  public let outputs: Int
  private let bytes: SharedSpan<UInt8>
  /// The owner of the memory; nil if it is this object's own.
  private let owner: (any AnyObject & Sendable)?

  /// A view of `byteCount` bytes at `memory`, aligned to 64 and valid as long as `owner` lives.
  public init(
    format: NumberFormat, inputs: Int, outputs: Int, viewing memory: UnsafeRawPointer, owner: any AnyObject & Sendable
  ) {
    precondition(Int(bitPattern: memory) % 64 == 0, "packed weights are aligned to cache lines")
    Self.checkShape(format, inputs: inputs, outputs: outputs)
    self.format = format
    self.inputs = inputs
    self.outputs = outputs
    let count = Self.byteCount(format: format, inputs: inputs, outputs: outputs)
    bytes = SharedSpan(
      reading: UnsafeBufferPointer(start: memory.assumingMemoryBound(to: UInt8.self), count: count))
    self.owner = owner
  }

  /// Packs weights [outputs, inputs]; `inputs` is at most `mostInputs(format)`.
  /// - Parameter widen: writes the rows in `range`, [range.count, inputs], as Float32; called from several threads.
  public init(
    format: NumberFormat, inputs: Int, outputs: Int, workers: Workers,
    widen: @Sendable (_ range: Range<Int>, _ destination: UnsafeMutablePointer<Float>) -> Void
  ) {
    Self.checkShape(format, inputs: inputs, outputs: outputs)
    self.format = format
    self.inputs = inputs
    self.outputs = outputs
    owner = nil
    let count = Self.byteCount(format: format, inputs: inputs, outputs: outputs)
    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 64)
    bytes = SharedSpan(writing: memory.bindMemory(to: UInt8.self))
    let packer = Packer(format: format, inputs: inputs, outputs: outputs, target: bytes)
    workers.forEachRange(of: packer.panels) { panels in
      let rows = workers.workspaces.take(Self.panelWidth * inputs, of: Float.self)
      defer { withExtendedLifetime(rows) {} }
      for panel in panels {
        let range = panel * Self.panelWidth..<min((panel + 1) * Self.panelWidth, outputs)
        let values = rows.elements.writable(0..<range.count * inputs)
        if let start = values.baseAddress { widen(range, start) }
        packer.pack(values, panel: panel, columns: range.count)
      }
    }
  }

  deinit {
    if owner == nil { bytes.all.deallocate() }
  }

  /// The most input channels of a matrix. `int8` products are summed in 32 bits: up to 255 · 127 per channel.
  public static func mostInputs(_ format: NumberFormat) -> Int {
    format == .int8 ? Int(Int32.max) / (255 * 127) : Int(Int32.max)
  }

  private static func checkShape(_ format: NumberFormat, inputs: Int, outputs: Int) {
    precondition(inputs > 0 && outputs > 0, "a matrix has a size")
    precondition(inputs <= mostInputs(format), "sums of int8 products fit 32 bits")
  }

  /// Bytes that a matrix takes in packed form; a multiple of 64.
  public static func byteCount(format: NumberFormat, inputs: Int, outputs: Int) -> Int {
    let panels = panelCount(outputs)
    let each = paddedInputs(format, inputs) * panelWidth * format.size
    return panels * each + (format == .int8 ? panels * panelWidth * 8 : 0)
  }

  /// Bytes of this matrix.
  public var byteCount: Int { bytes.count }

  /// All bytes, to be written to a file.
  public func withBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
    withExtendedLifetime(self) { body(UnsafeRawBufferPointer(bytes.all)) }
  }

  var paddedInputs: Int { Self.paddedInputs(format, inputs) }
  var panels: Int { Self.panelCount(outputs) }
  /// Bytes of one panel.
  var panelBytes: Int { paddedInputs * Self.panelWidth * format.size }

  func bytes(ofPanels panels: Range<Int>) -> SharedSpan<UInt8> {
    bytes.part(panels.lowerBound * panelBytes..<panels.upperBound * panelBytes)
  }

  /// `int8`: the scales of some panels, one per output.
  func scales(ofPanels panels: Range<Int>) -> UnsafeBufferPointer<Float> {
    tail(self.panels * panelBytes, panels).elements(Float.self)
  }

  /// `int8`: the sums of each output's integers, for some panels.
  func sums(ofPanels panels: Range<Int>) -> UnsafeBufferPointer<Int32> {
    tail(self.panels * (panelBytes + Self.panelWidth * 4), panels).elements(Int32.self)
  }

  /// Four bytes per output, from `start` on.
  private func tail(_ start: Int, _ panels: Range<Int>) -> SharedSpan<UInt8> {
    let each = Self.panelWidth * 4
    return bytes.part(start + panels.lowerBound * each..<start + panels.upperBound * each)
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

/// Writes panels into the memory of a new matrix; each panel has its own bytes.
private struct Packer: Sendable {
  let format: NumberFormat
  let inputs: Int
  let outputs: Int
  let target: SharedSpan<UInt8>

  var panels: Int { PackedWeights.panelCount(outputs) }

  /// Packs rows [columns, inputs], and may overwrite them.
  func pack(_ rows: UnsafeMutableBufferPointer<Float>, panel: Int, columns: Int) {
    let width = PackedWeights.panelWidth
    let padded = PackedWeights.paddedInputs(format, inputs)
    let size = padded * width * format.size
    let place = target.part(panel * size..<(panel + 1) * size)
    if format == .int8 { PackingMath.rotate(rows, PackedWeights.rotation(inputs)) }
    let source = PackingMath.Source(UnsafeBufferPointer(rows), stride: inputs, rows: columns, columns: inputs)
    switch format {
    case .f32: PackingMath.packF32(source, padded: padded, place.writableElements(Float.self))
    case .bf16: PackingMath.packBF16(source, padded: padded, place.writableElements(UInt16.self))
    case .int8:
      func tail(_ start: Int) -> SharedSpan<UInt8> {
        let first = start + panel * width * 4
        return target.part(first..<first + width * 4)
      }
      let scales = tail(panels * size).writableElements(Float.self)
      let sums = tail(panels * (size + width * 4)).writableElements(Int32.self)
      scales.update(repeating: 0)
      sums.update(repeating: 0)
      PackingMath.packInt8(source, padded: padded, place.writableElements(Int8.self), scales: scales, sums: sums)
    }
  }
}
