import Foundation
import Kernels

/// Writes a file of packed weights under a temporary name and renames it when it is complete. Two processes may do so
/// at once: each has its own name, and the last to finish wins. What a killed process left is removed by the next one.
final class PackedModelWriter {
  private let path: String
  private let temporary: String
  private let descriptor: Int32
  private var table: PackedModelTable
  private var offset = PackedModelPreamble.size
  private var isCommitted = false

  /// - Parameter opened: called between creating a temporary file and locking it; a test lets another process in here.
  /// - Throws: `.system` when the folder or the file cannot be made.
  init(path: String, key: PackedModelKey, opened: () -> Void = {}) throws(PackedModelError) {
    self.path = path
    let folder = (path as NSString).deletingLastPathComponent
    do {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    } catch {
      throw .system("\(folder) cannot be made")
    }
    Self.removeAbandoned(in: folder)
    table = PackedModelTable(identity: key.identity, formats: key.formats)
    (temporary, descriptor) = try Self.makeTemporary(for: path, in: folder, opened)
  }

  /// A new file with a lock, which is held until it is closed or the process ends: a lock that can be taken marks an
  /// abandoned file. Before the file is locked, another process may take it for abandoned and remove it; then this
  /// tries again.
  private static func makeTemporary(
    for path: String, in folder: String, _ opened: () -> Void
  ) throws(PackedModelError) -> (path: String, descriptor: Int32) {
    for _ in 0..<100 {
      // Unique, because processes in two containers may share a number and a folder.
      let temporary = "\(path).\(UUID().uuidString).part"
      let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
      guard descriptor >= 0 else { throw .system("\(folder): \(String(cString: strerror(errno)))") }
      opened()
      let own = FileIdentity(descriptor: descriptor)
      // If the file system has no locks, no process can take one, so nothing is removed.
      let mayWrite = [0, ENOTSUP, ENOSYS, ENOLCK, EINVAL].contains(lock(descriptor))
      if mayWrite, let own, FileIdentity(path: temporary)?.isSameFile(as: own) == true {
        return (temporary, descriptor)
      }
      close(descriptor)
    }
    throw .system("\(folder): files are removed while they are made")
  }

  /// - Returns: 0, or what went wrong: EWOULDBLOCK where another process has the lock.
  private static func lock(_ descriptor: Int32) -> Int32 {
    while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
      if errno != EINTR { return errno }
    }
    return 0
  }

  deinit {
    guard descriptor >= 0 else { return }
    if !isCommitted { unlink(temporary) }
    close(descriptor)
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
    guard fsync(descriptor) == 0, rename(temporary, path) == 0 else {
      throw .system("\(path): \(String(cString: strerror(errno)))")
    }
    isCommitted = true
  }

  /// - Returns: what went wrong, if anything.
  private func write(_ bytes: UnsafeRawBufferPointer, at start: Int) -> PackedModelError? {
    var written = 0
    while written < bytes.count {
      let count = pwrite(
        descriptor, bytes.baseAddress.map { $0 + written }, min(bytes.count - written, 1 << 30),
        off_t(start + written))
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { return .system("\(temporary): \(String(cString: strerror(errno)))") }
      written += count
    }
    return nil
  }

  private static func removeAbandoned(in folder: String) {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    for name in names where name.hasSuffix(".part") && name.contains(".pack.") {
      let path = "\(folder)/\(name)"
      let descriptor = open(path, O_RDONLY | O_CLOEXEC)
      guard descriptor >= 0 else { continue }
      if lock(descriptor) == 0 { unlink(path) }
      close(descriptor)
    }
    // A mark whose file is gone is useless.
    let present = Set(names)
    for name in names where name.hasSuffix(".pack.checked") {
      if !present.contains(String(name.dropLast(".checked".count))) { unlink("\(folder)/\(name)") }
    }
  }
}
