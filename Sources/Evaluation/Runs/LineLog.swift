import Foundation

/// A file of JSON lines that grows by one whole line at a time and survives its writer. Only one process writes it at
/// a time; the lock is released when that process ends.
public final class LineLog {
  public let path: String
  private var descriptor: Int32
  /// Bytes of whole lines.
  private var size = 0

  /// Opens or creates the file, locks it and repairs its end: a last line that was truncated, garbled or padded with
  /// zeros when its writer died is dropped; a last line that lacks only its line break gets one.
  /// - Parameter accept: reads one line, without its line break; called for each whole line, with its number from 1.
  ///   Throws `.malformedRow` if the line is invalid, which is tolerated only at the end of the file. Any other error
  ///   is passed on.
  /// - Throws: `.runInUse`, `.unreadable`, `.unwritable`, or what `accept` throws.
  public init(path: String, accept: (ArraySlice<UInt8>, Int) throws(EvaluationError) -> Void) throws(EvaluationError) {
    self.path = path
    descriptor = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw .unwritable(file: path, reason: String(cString: strerror(errno))) }
    do {
      try lock()
      try mend(accept)
    } catch {
      close(descriptor)
      throw error
    }
  }

  deinit { close(descriptor) }

  private func lock() throws(EvaluationError) {
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      throw errno == EWOULDBLOCK
        ? .runInUse(path) : .unwritable(file: path, reason: "it cannot be locked: \(String(cString: strerror(errno)))")
    }
    // The previous holder of the lock may have replaced this file after it was opened here.
    var (locked, named) = (stat(), stat())
    guard fstat(descriptor, &locked) == 0, stat(path, &named) == 0, locked.st_ino == named.st_ino else {
      throw .runInUse(path)
    }
  }

  /// Reads all lines and leaves only whole ones in the file. If nothing is wrong, nothing is written.
  private func mend(_ accept: (ArraySlice<UInt8>, Int) throws(EvaluationError) -> Void) throws(EvaluationError) {
    var failure: EvaluationError?
    var end = 0
    let tail = try Self.forEachLine(descriptor, path: path) { (line, number, after) throws(EvaluationError) in
      // An invalid line is tolerated only if nothing follows it.
      if let failure { throw failure }
      failure = line.allSatisfy(Self.isBlank) ? nil : try Self.damage(of: line, number, accept)
      if failure == nil { end = after }
    }
    let rest = tail.bytes.prefix { $0 != 0 }
    guard !rest.isEmpty, failure == nil, try Self.damage(of: rest, tail.number, accept) == nil else {
      return try cut(to: end, of: tail.end)
    }
    try cut(to: end + rest.count, of: tail.end)
    try append(Data([0x0A]))
  }

  /// - Returns: why a line is invalid; nil if it is valid.
  private static func damage(
    of line: ArraySlice<UInt8>, _ number: Int,
    _ accept: (ArraySlice<UInt8>, Int) throws(EvaluationError) -> Void
  ) throws(EvaluationError) -> EvaluationError? {
    do throws(EvaluationError) {
      try accept(line, number)
      return nil
    } catch .malformedRow(let file, let line, let reason) {
      return .malformedRow(file: file, line: line, reason: reason)
    }
  }

  private func cut(to end: Int, of total: Int) throws(EvaluationError) {
    size = end
    guard end < total else { return }
    guard ftruncate(descriptor, off_t(end)) == 0 else {
      throw .unwritable(file: path, reason: String(cString: strerror(errno)))
    }
  }

  private static func isBlank(_ byte: UInt8) -> Bool { [0x20, 0x09, 0x0D].contains(byte) }

  /// Appends a line, line break included, in one write. If the disk is full, nothing of it stays.
  /// - Throws: `.logFull`.
  public func append(_ line: Data) throws(EvaluationError) {
    let count = line.withUnsafeBytes { bytes in
      var count = -1
      repeat { count = write(descriptor, bytes.baseAddress, bytes.count) } while count < 0 && errno == EINTR
      return count
    }
    guard count == line.count else {
      let reason = count < 0 ? String(cString: strerror(errno)) : "the disk is full"
      if count > 0 { ftruncate(descriptor, off_t(size)) }
      throw .logFull(file: path, reason: reason)
    }
    size += count
  }

  /// Takes lines out: the rest is written to a draft, which is locked and then gets the log's name. A process that is
  /// killed on the way leaves the log as it was.
  /// - Parameter isUnwanted: reads one line, without its end, with its number from 1.
  /// - Throws: `.logFull`, `.unwritable`, or what `isUnwanted` throws.
  public func remove(
    where isUnwanted: (ArraySlice<UInt8>, Int) throws(EvaluationError) -> Bool
  ) throws(EvaluationError) {
    // A link stays one.
    let target = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
    let draft = WholeFile.draft(of: target)
    let new = open(draft, O_RDWR | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0o644)
    guard new >= 0 else { throw WholeFile.failure(path) }
    do throws(EvaluationError) {
      let size = try copy(to: new, without: isUnwanted)
      guard fsync(new) == 0, flock(new, LOCK_EX | LOCK_NB) == 0, rename(draft, target) == 0 else {
        throw WholeFile.failure(path)
      }
      close(descriptor)
      (descriptor, self.size) = (new, size)
    } catch {
      close(new)
      unlink(draft)
      throw error
    }
  }

  /// - Returns: the bytes that were written.
  private func copy(
    to other: Int32, without isUnwanted: (ArraySlice<UInt8>, Int) throws(EvaluationError) -> Bool
  ) throws(EvaluationError) -> Int {
    var pending = Data()
    var size = 0
    func flush() throws(EvaluationError) {
      guard WholeFile.append(pending, to: other) else { throw WholeFile.failure(path) }
      size += pending.count
      pending.removeAll(keepingCapacity: true)
    }
    try forEach { (line, number) throws(EvaluationError) in
      if try isUnwanted(line, number) { return }
      pending += line
      pending.append(0x0A)
      if pending.count >= 1 << 18 { try flush() }
    }
    try flush()
    return size
  }

  /// Reads all lines again, from the first.
  /// - Throws: what `body` throws, or `.unreadable`.
  public func forEach(_ body: (ArraySlice<UInt8>, Int) throws(EvaluationError) -> Void) throws(EvaluationError) {
    _ = try Self.forEachLine(descriptor, path: path) { (line, number, _) throws(EvaluationError) in
      if !line.allSatisfy(Self.isBlank) { try body(line, number) }
    }
  }

  /// Reads the lines of a file that another process may be writing. A last line without a line break is ignored.
  public static func forEach(
    in path: String, _ body: (ArraySlice<UInt8>, Int) throws(EvaluationError) -> Void
  ) throws(EvaluationError) {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .unreadable(file: path, reason: String(cString: strerror(errno))) }
    defer { close(descriptor) }
    _ = try forEachLine(descriptor, path: path) { (line, number, _) throws(EvaluationError) in
      if !line.allSatisfy(isBlank) { try body(line, number) }
    }
  }

  /// Calls `body` with each whole line, its number, and the position after its line break. Only one line is in memory
  /// at a time.
  /// - Returns: what follows the last line break, the number of that line, and the file's size.
  private static func forEachLine(
    _ descriptor: Int32, path: String, _ body: (ArraySlice<UInt8>, Int, Int) throws(EvaluationError) -> Void
  ) throws(EvaluationError) -> (bytes: ArraySlice<UInt8>, number: Int, end: Int) {
    var pending: [UInt8] = []
    var place = 0
    var number = 1
    var piece = [UInt8](repeating: 0, count: 1 << 18)
    var searched = 0
    while true {
      let count = piece.withUnsafeMutableBytes {
        pread(descriptor, $0.baseAddress, $0.count, off_t(place + pending.count))
      }
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw .unreadable(file: path, reason: String(cString: strerror(errno))) }
      if count == 0 { return (pending[...], number, place + pending.count) }
      pending += piece[..<count]
      var start = 0
      while let end = pending[max(start, searched)...].firstIndex(of: 0x0A) {
        try body(pending[start..<end], number, place + end + 1)
        number += 1
        start = end + 1
        searched = start
      }
      place += start
      pending.removeSubrange(..<start)
      searched = pending.count
    }
  }
}
