import Foundation
import Kernels

/// A regular file mapped read-only into memory. Pages are read when touched.
public final class MappedFile: Sendable {
  public let path: String
  /// The file's identity when it was mapped.
  let identity: FileIdentity
  /// The mapping, which is never written.
  private let bytes: SharedSpan<UInt8>

  /// - Throws: `CheckpointError.unreadable` for anything but a readable regular file.
  public init(path: String) throws(CheckpointError) {
    self.path = path
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .unreadable(file: path, reason: String(cString: strerror(errno))) }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      throw .unreadable(file: path, reason: "not a regular file")
    }
    identity = FileIdentity(status)
    let size = identity.size
    guard size > 0 else {
      bytes = SharedSpan(reading: UnsafeBufferPointer(start: nil, count: 0))
      return
    }
    guard let start = mmap(nil, size, PROT_READ, MAP_PRIVATE, descriptor, 0), start != MAP_FAILED else {
      throw .unreadable(file: path, reason: String(cString: strerror(errno)))
    }
    bytes = SharedSpan(reading: UnsafeRawBufferPointer(start: start, count: size).bindMemory(to: UInt8.self))
  }

  deinit {
    if let start = bytes.all.baseAddress { munmap(UnsafeMutableRawPointer(mutating: start), bytes.count) }
  }

  /// Size in bytes.
  public var count: Int { bytes.count }

  /// Reads the bytes in `range`, which must lie inside the file.
  public func withBytes<Result>(_ range: Range<Int>, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
    withExtendedLifetime(self) { body(UnsafeRawBufferPointer(bytes[range])) }
  }

  /// Tells the system that the pages in `range` are not needed again: a widened copy exists.
  func forget(_ range: Range<Int>) {
    guard let start = UnsafeRawPointer(bytes.all.baseAddress) else { return }
    let page = Int(sysconf(Int32(_SC_PAGESIZE)))
    let first = (range.lowerBound + page - 1) / page * page
    let last = range.upperBound / page * page
    if first < last { madvise(UnsafeMutableRawPointer(mutating: start + first), last - first, MADV_DONTNEED) }
  }
}
