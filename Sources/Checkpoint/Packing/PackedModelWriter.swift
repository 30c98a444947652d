import Foundation
import Kernels

/// Writes a file of packed weights. Two processes may do so at once.
final class PackedModelWriter {
  private let file: NewFile
  private var table: PackedModelTable
  private var offset = PackedModelPreamble.size

  /// - Parameter opened: called between creating a temporary file and locking it; a test lets another process in here.
  /// - Throws: `.system` when the folder or the file cannot be made.
  init(path: String, key: PackedModelKey, opened: () -> Void = {}) throws(PackedModelError) {
    do throws(NewFileError) {
      file = try NewFile(path: path, suffix: ".pack", opened: opened)
    } catch { throw .system(error.reason) }
    Self.removeMarks(in: (path as NSString).deletingLastPathComponent)
    table = PackedModelTable(identity: key.identity, formats: key.formats)
  }

  /// Adds one matrix.
  func append(_ weights: PackedWeights, name: String) throws(PackedModelError) {
    let (digest, failure) = weights.withBytes { (Digest.of($0), write($0, at: offset)) }
    if let failure { throw failure }
    table.entries[name] = .init(
      format: weights.format.rawValue, inputs: weights.inputs, outputs: weights.outputs, offset: offset,
      digest: String(digest, radix: 16))
    offset += weights.byteCount
  }

  /// Writes the table and the preamble, and renames.
  func commit() throws(PackedModelError) {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    guard let data = try? encoder.encode(table) else { throw .system("the table cannot be written") }
    let bytes = [UInt8](data)
    let digest = bytes.withUnsafeBytes(Digest.of)
    if let failure = bytes.withUnsafeBytes({ write($0, at: offset) }) { throw failure }
    let preamble = PackedModelPreamble(tableOffset: offset, tableSize: bytes.count, tableDigest: digest)
    if let failure = preamble.bytes.withUnsafeBytes({ write($0, at: 0) }) { throw failure }
    do throws(NewFileError) { try file.commit() } catch { throw .system(error.reason) }
  }

  private func write(_ bytes: UnsafeRawBufferPointer, at start: Int) -> PackedModelError? {
    do throws(NewFileError) { try file.write(bytes, at: start) } catch { return .system(error.reason) }
    return nil
  }

  /// A mark whose file is gone is useless.
  private static func removeMarks(in folder: String) {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    let present = Set(names)
    for name in names where name.hasSuffix(".pack.checked") {
      if !present.contains(String(name.dropLast(".checked".count))) { unlink("\(folder)/\(name)") }
    }
  }
}
