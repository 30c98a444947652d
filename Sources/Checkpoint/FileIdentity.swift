import Foundation

/// Tells one state of a file from every other file and from the same file after a change: where it is stored, its size,
/// and when it was changed.
struct FileIdentity: Hashable, Sendable {
  let device: UInt64
  let inode: UInt64
  /// Bytes.
  let size: Int
  /// When its contents were last changed, in nanoseconds since 1970.
  let modified: Int
  /// When its contents, name, owner or permissions were last changed, likewise. No program can set it.
  let changed: Int

  init(_ status: stat) {
    device = UInt64(status.st_dev)
    inode = UInt64(status.st_ino)
    size = Int(status.st_size)
    modified = Self.nanoseconds(status.st_mtim)
    changed = Self.nanoseconds(status.st_ctim)
  }

  /// The identity of an open file; nil if the system does not report it.
  init?(descriptor: Int32) {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { return nil }
    self.init(status)
  }

  /// The identity of the file at `path`; nil if there is none.
  init?(path: String) {
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    self.init(status)
  }

  /// Whether both are the same file, changed or not.
  func isSameFile(as other: FileIdentity) -> Bool { device == other.device && inode == other.inode }

  private static func nanoseconds(_ time: timespec) -> Int { Int(time.tv_sec) * 1_000_000_000 + Int(time.tv_nsec) }
}
