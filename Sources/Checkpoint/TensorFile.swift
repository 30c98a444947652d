import Foundation
import Kernels

/// A memory-mapped safetensors file whose header has been checked: known types, shapes that fit their bytes, and
/// offsets that cover the data exactly once.
public struct TensorFile: Sendable {
  public let path: String
  /// By name.
  public let entries: [String: TensorEntry]
  /// The file's `__metadata__`.
  public let metadata: [String: String]
  private let file: MappedFile

  /// Headers of real checkpoints take a few hundred kilobytes; safetensors itself stops at 100 MB.
  static let largestHeader = 100_000_000

  /// - Throws: `CheckpointError.unreadable` or `.malformed`.
  public init(path: String) throws(CheckpointError) {
    self.path = path
    file = try MappedFile(path: path)
    let dataStart = try Self.dataStart(of: file)
    let header = file.withBytes(8..<dataStart) { [UInt8]($0) }
    let parsed = try TensorHeader(parsing: header, dataStart: dataStart, fileSize: file.count, path: path)
    entries = parsed.entries
    metadata = parsed.metadata
  }

  /// The tensor as Float32: a view of the file if it is stored as Float32, else widened once.
  /// - Throws: `.missingTensor`, `.shape` (when `shape` is given) or `.unsupportedType`.
  public func floats(_ name: String, shape: [Int]? = nil) throws(CheckpointError) -> WeightBuffer {
    let entry = try entry(name, shape: shape)
    switch entry.type {
    case .f32: return mapped(entry)
    case .f16: return widened(entry, HalfPrecision.widenF16)
    case .bf16: return widened(entry, HalfPrecision.widenBF16)
    default: throw .unsupportedType(name: name, type: entry.type.rawValue, file: path)
    }
  }

  /// The tensor [rows, columns] as it is stored.
  /// - Throws: `.missingTensor`, `.shape` or `.unsupportedType`.
  public func matrix(_ name: String, rows: Int, columns: Int) throws(CheckpointError) -> StoredMatrix {
    try StoredMatrix(
      try entry(name, shape: [rows, columns]), name: name, rows: rows, columns: columns, file: file)
  }

  /// Tells this file from another of the same name: size, time of the last change, header.
  var identity: String {
    let header = entries.values.map(\.bytes.lowerBound).min() ?? file.count
    let digest = file.withBytes(0..<min(header, file.count), Digest.of)
    return "\(file.count) \(file.identity.modified) \(digest)"
  }

  /// The tensor's 64-bit integers.
  /// - Throws: `.missingTensor` or `.unsupportedType`.
  public func integers(_ name: String) throws(CheckpointError) -> [Int] {
    let entry = try entry(name, shape: nil)
    guard entry.type == .i64 else { throw .unsupportedType(name: name, type: entry.type.rawValue, file: path) }
    return file.withBytes(entry.bytes) { bytes in
      (0..<entry.count).map { Int(Int64(littleEndian: bytes.loadUnaligned(fromByteOffset: $0 * 8, as: Int64.self))) }
    }
  }

  private func entry(_ name: String, shape: [Int]?) throws(CheckpointError) -> TensorEntry {
    guard let entry = entries[name] else { throw .missingTensor(name: name, file: path) }
    if let shape, shape != entry.shape { throw .shape(name: name, expected: shape, found: entry.shape, file: path) }
    return entry
  }

  /// Float32 as stored; copied only where a writer did not align it.
  private func mapped(_ entry: TensorEntry) -> WeightBuffer {
    file.withBytes(entry.bytes) { bytes in
      guard let start = bytes.baseAddress, Int(bitPattern: start) % MemoryLayout<Float>.alignment == 0 else {
        return WeightBuffer(count: entry.count) { destination in
          UnsafeMutableRawBufferPointer(destination).copyBytes(from: bytes)
        }
      }
      return WeightBuffer(
        viewing: start.assumingMemoryBound(to: Float.self), count: entry.count, owner: file)
    }
  }

  private func widened(
    _ entry: TensorEntry, _ widen: (UnsafeBufferPointer<UInt16>, UnsafeMutableBufferPointer<Float>) -> Void
  ) -> WeightBuffer {
    let buffer = WeightBuffer(count: entry.count) { destination in
      file.withBytes(entry.bytes) { bytes in
        guard let start = bytes.baseAddress, Int(bitPattern: start) % MemoryLayout<UInt16>.alignment != 0 else {
          widen(bytes.assumingMemoryBound(to: UInt16.self), destination)
          return
        }
        let halves = (0..<entry.count).map { bytes.loadUnaligned(fromByteOffset: $0 * 2, as: UInt16.self) }
        halves.withUnsafeBufferPointer { widen($0, destination) }
      }
    }
    file.forget(entry.bytes)
    return buffer
  }

  private static func dataStart(of file: MappedFile) throws(CheckpointError) -> Int {
    guard file.count >= 8 else {
      throw .malformed(file: file.path, reason: "\(file.count) bytes are fewer than a header's length field")
    }
    let length = file.withBytes(0..<8) { UInt64(littleEndian: $0.loadUnaligned(as: UInt64.self)) }
    guard length <= UInt64(largestHeader), length <= UInt64(file.count - 8) else {
      throw .malformed(
        file: file.path, reason: "its header claims \(length) bytes, but the file has \(file.count)")
    }
    return 8 + Int(length)
  }
}
