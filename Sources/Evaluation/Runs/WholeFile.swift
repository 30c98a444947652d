import Foundation

/// Files of a run that are there as a whole or not at all.
enum WholeFile {
  /// Where a file is written before it gets its name. A killed process may leave its draft, under a name that the
  /// next one knows and replaces.
  static func draft(of path: String) -> String { "\(path).part" }

  /// Writes a draft and renames it. Where that fails, the old file stays and the draft goes.
  /// - Throws: `.logFull` where there is no room, `.unwritable` otherwise.
  static func write(_ bytes: Data, to path: String) throws(EvaluationError) {
    let draft = draft(of: path)
    let descriptor = open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw failure(path) }
    let isWritten = append(bytes, to: descriptor) && fsync(descriptor) == 0
    let cause = errno
    close(descriptor)
    if isWritten, rename(draft, path) == 0 { return }
    let reason = isWritten ? errno : cause
    unlink(draft)
    throw failure(path, reason)
  }

  /// Writes all of `bytes`, however often the system takes only some of them.
  /// - Returns: whether all was written; `errno` says why not.
  static func append(_ bytes: Data, to descriptor: Int32) -> Bool {
    bytes.withUnsafeBytes { bytes in
      var rest = bytes[...]
      while !rest.isEmpty {
        let count = Glibc.write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
        if count < 0, errno != EINTR { return false }
        rest = rest.dropFirst(max(count, 0))
      }
      return true
    }
  }

  /// What `errno` says about a file that could not be written.
  static func failure(_ path: String, _ code: Int32 = errno) -> EvaluationError {
    let reason = String(cString: strerror(code))
    return [ENOSPC, EDQUOT, EFBIG].contains(code)
      ? .logFull(file: path, reason: reason) : .unwritable(file: path, reason: reason)
  }
}
