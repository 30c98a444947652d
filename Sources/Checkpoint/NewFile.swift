import Foundation

/// Why a file cannot be written.
package struct NewFileError: Error, Hashable, Sendable {
  package let reason: String
}

/// A file of a cache, written under a temporary name and renamed when it is complete. Two processes may do so at once:
/// each has its own name, and the last to finish wins. What a killed process left is removed by the next one.
package final class NewFile {
  private let path: String
  private let temporary: String
  private let descriptor: Int32
  private var isCommitted = false

  /// - Parameters:
  ///   - path: where the file will be; its folder is made if it is absent.
  ///   - suffix: of the names of this cache's files.
  ///   - opened: called between creating a temporary file and locking it; a test lets another process in here.
  package init(path: String, suffix: String, opened: () -> Void = {}) throws(NewFileError) {
    self.path = path
    let folder = (path as NSString).deletingLastPathComponent
    do {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    } catch {
      throw NewFileError(reason: "\(folder) cannot be made")
    }
    Self.removeAbandoned(in: folder, suffix: suffix)
    (temporary, descriptor) = try Self.makeTemporary(for: path, in: folder, opened)
  }

  /// A new file with a lock, which is held until it is closed or the process ends: a lock that can be taken marks an
  /// abandoned file. Before the file is locked, another process may take it for abandoned and remove it; then this
  /// tries again.
  private static func makeTemporary(
    for path: String, in folder: String, _ opened: () -> Void
  ) throws(NewFileError) -> (path: String, descriptor: Int32) {
    for _ in 0..<100 {
      // Unique, because processes in two containers may share a number and a folder.
      let temporary = "\(path).\(UUID().uuidString).part"
      let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
      guard descriptor >= 0 else { throw NewFileError(reason: "\(folder): \(String(cString: strerror(errno)))") }
      opened()
      let own = FileIdentity(descriptor: descriptor)
      // If the file system has no locks, no process can take one, so nothing is removed.
      let mayWrite = [0, ENOTSUP, ENOSYS, ENOLCK, EINVAL].contains(lock(descriptor))
      if mayWrite, let own, FileIdentity(path: temporary)?.isSameFile(as: own) == true {
        return (temporary, descriptor)
      }
      close(descriptor)
    }
    throw NewFileError(reason: "\(folder): files are removed while they are made")
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

  /// Writes all of `bytes`, from byte `start` of the file on.
  package func write(_ bytes: UnsafeRawBufferPointer, at start: Int) throws(NewFileError) {
    var written = 0
    while written < bytes.count {
      let count = pwrite(
        descriptor, bytes.baseAddress.map { $0 + written }, min(bytes.count - written, 1 << 30),
        off_t(start + written))
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { throw NewFileError(reason: "\(temporary): \(String(cString: strerror(errno)))") }
      written += count
    }
  }

  /// Puts the complete file in its place.
  package func commit() throws(NewFileError) {
    guard fsync(descriptor) == 0, rename(temporary, path) == 0 else {
      throw NewFileError(reason: "\(path): \(String(cString: strerror(errno)))")
    }
    isCommitted = true
  }

  private static func removeAbandoned(in folder: String, suffix: String) {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    for name in names where name.hasSuffix(".part") && name.contains("\(suffix).") {
      let path = "\(folder)/\(name)"
      let descriptor = open(path, O_RDONLY | O_CLOEXEC)
      guard descriptor >= 0 else { continue }
      if lock(descriptor) == 0 { unlink(path) }
      close(descriptor)
    }
  }
}
