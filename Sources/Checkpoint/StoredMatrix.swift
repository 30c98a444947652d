import Kernels

/// A matrix as its file stores it, widened to Float32 a few rows at a time: embedding tables, of which a prompt reads a
/// handful of rows, and weights on their way into packed form.
public struct StoredMatrix: Sendable {
  public let rows: Int
  public let columns: Int
  private let type: ElementType
  private let file: MappedFile
  private let bytes: Range<Int>

  private init(of whole: StoredMatrix, rows range: Range<Int>) {
    rows = range.count
    columns = whole.columns
    type = whole.type
    file = whole.file
    let row = whole.columns * whole.type.size
    let start = whole.bytes.lowerBound + range.lowerBound * row
    bytes = start..<start + range.count * row
  }

  /// Some of its rows.
  func slice(_ range: Range<Int>) -> StoredMatrix {
    precondition(range.lowerBound >= 0 && range.upperBound <= rows, "rows lie inside their matrix")
    return StoredMatrix(of: self, rows: range)
  }

  /// - Throws: `CheckpointError.unsupportedType` for anything but F32, F16 and BF16.
  init(_ entry: TensorEntry, name: String, rows: Int, columns: Int, file: MappedFile) throws(CheckpointError) {
    guard [.f32, .f16, .bf16].contains(entry.type) else {
      throw .unsupportedType(name: name, type: entry.type.rawValue, file: file.path)
    }
    precondition(entry.count == rows * columns, "a matrix fits its tensor")
    self.rows = rows
    self.columns = columns
    type = entry.type
    self.file = file
    bytes = entry.bytes
  }

  /// Writes rows `range` to `destination` [range.count, columns].
  public func widen(_ range: Range<Int>, into destination: UnsafeMutablePointer<Float>) {
    precondition(range.lowerBound >= 0 && range.upperBound <= rows, "rows lie inside their matrix")
    let count = range.count * columns
    let start = bytes.lowerBound + range.lowerBound * columns * type.size
    let target = UnsafeMutableBufferPointer(start: destination, count: count)
    file.withBytes(start..<start + count * type.size) { source in
      guard type != .f32 else { return UnsafeMutableRawBufferPointer(target).copyBytes(from: source) }
      let widen = type == .f16 ? HalfPrecision.widenF16 : HalfPrecision.widenBF16
      guard let base = source.baseAddress, Int(bitPattern: base) % MemoryLayout<UInt16>.alignment != 0 else {
        return widen(source.assumingMemoryBound(to: UInt16.self), target)
      }
      // Some writers do not align the data after their header.
      let halves = (0..<count).map { source.loadUnaligned(fromByteOffset: $0 * 2, as: UInt16.self) }
      halves.withUnsafeBufferPointer { widen($0, target) }
    }
  }

  /// Whether both hold the same numbers.
  public func isEqual(to other: StoredMatrix) -> Bool {
    guard rows == other.rows, columns == other.columns, type == other.type else {
      return rows == other.rows && columns == other.columns && (0..<rows).allSatisfy { row($0) == other.row($0) }
    }
    return file.withBytes(bytes) { own in other.file.withBytes(other.bytes) { own.elementsEqual($0) } }
  }

  private func row(_ index: Int) -> [Float] {
    [Float](unsafeUninitializedCapacity: columns) { values, count in
      if let start = values.baseAddress { widen(index..<index + 1, into: start) }
      count = columns
    }
  }

  /// Tells the system that the file's pages are not needed again.
  func forget() { file.forget(bytes) }
}
