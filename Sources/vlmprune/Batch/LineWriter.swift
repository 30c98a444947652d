import Foundation

/// Writes whole lines to a descriptor, each through at once.
struct LineWriter {
  private let descriptor: Int32
  private let name: String
  /// How long a line that nobody reads may hold up an end that was asked for.
  private static let patience = Duration.seconds(2)
  /// Bytes that a pipe takes without waiting, once it takes any.
  private static let piece = Int(PIPE_BUF)
  /// Where the last whole line ends; nil where the descriptor is no file of our own.
  private var end: off_t?

  /// - Parameter path: a file to write anew; nil for stdout.
  init(path: String?) throws(CommandFailure) {
    guard let path else {
      (descriptor, name, end) = (STDOUT_FILENO, "stdout", nil)
      return
    }
    descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
    name = path
    guard descriptor >= 0 else { throw Self.failure(path) }
    end = FileFacts(descriptor: descriptor)?.isRegular == true ? 0 : nil
  }

  /// Writes the whole line, even if an end was asked for meanwhile.
  mutating func write(line: [UInt8]) throws {
    let bytes = line + [0x0A]
    var rest = bytes[...]
    while !rest.isEmpty {
      waitForReader()
      let count = rest.prefix(Self.piece).withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else {
        let failure = Self.failure(name)
        // A full disk takes half a line: what is there stays lines.
        if let end { ftruncate(descriptor, end) }
        throw failure
      }
      rest = rest.dropFirst(count)
    }
    end = end.map { $0 + off_t(bytes.count) }
  }

  /// Waits until a piece can be written. Ends the process if it was asked to end and nobody reads.
  private func waitForReader() {
    let milliseconds = Int32(Self.patience / .milliseconds(1))
    var watched = [
      pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0),
      pollfd(fd: StopRequest.descriptor, events: Int16(POLLIN), revents: 0),
    ]
    while poll(&watched, 2, -1) < 0, errno == EINTR {}
    guard watched[0].revents == 0 else { return }
    while poll(&watched, 1, milliseconds) < 0, errno == EINTR {}
    if watched[0].revents == 0 { StopRequest.endProcess() }
  }

  private static func failure(_ name: String) -> CommandFailure {
    CommandFailure(
      message: "cannot write the answers to \(name): \(String(cString: strerror(errno)))",
      hint: "check where they go: the disk may be full")
  }
}

/// What the operating system says of an open file, or of a path's target.
struct FileFacts {
  private let status: stat

  init?(descriptor: Int32) {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { return nil }
    self.status = status
  }

  init?(path: String) {
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    self.status = status
  }

  var isRegular: Bool { status.st_mode & S_IFMT == S_IFREG }
  var isFolder: Bool { status.st_mode & S_IFMT == S_IFDIR }

  func isSameFile(as other: FileFacts) -> Bool {
    status.st_dev == other.status.st_dev && status.st_ino == other.status.st_ino
  }

  /// Equal while nobody replaces or rewrites the file.
  var stamp: [Int] {
    [
      Int(status.st_dev), Int(status.st_ino), Int(status.st_size), status.st_mtim.tv_sec, status.st_mtim.tv_nsec,
      status.st_ctim.tv_sec, status.st_ctim.tv_nsec,
    ]
  }
}
