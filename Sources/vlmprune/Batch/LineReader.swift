import Foundation

/// Reads lines of a descriptor, one at a time and no more than the operating system hands over at once, so that
/// memory does not depend on how many there are.
struct LineReader {
  enum Line {
    /// A line without its end. Its number counts from 1, blank lines included.
    case bytes([UInt8], number: Int)
    /// A line beyond the limit, which was passed over.
    case tooLong(number: Int)
  }

  /// Bytes of a line: a picture of a hundred megabytes in base64 fits.
  static let longestLine = 256 << 20
  private static let chunk = 1 << 16

  private let descriptor: Int32
  /// What to call it in errors.
  private let name: String
  /// Where answers go: while there is nothing to read, somebody may leave.
  private let output: Int32
  private let limit: Int
  private var buffer: [UInt8] = []
  /// Where the current line begins, and up to where no end of a line was found.
  private var (start, searched) = (0, 0)
  private var isAtEnd = false
  private var isPassingOver = false
  private var number = 0

  init(descriptor: Int32, name: String, output: Int32, limit: Int = LineReader.longestLine) {
    self.descriptor = descriptor
    self.name = name
    self.output = output
    self.limit = limit
  }

  /// The next line that is not blank; nil at the end, and once a signal asks for an end. Waits for it.
  mutating func next() throws(CommandFailure) -> Line? { try next(waiting: true) }

  /// The next line that is not blank, if it is there without waiting.
  mutating func nextThatIsThere() throws(CommandFailure) -> Line? { try next(waiting: false) }

  private mutating func next(waiting: Bool) throws(CommandFailure) -> Line? {
    while !StopRequest.hasCome {
      while let line = takeLine() {
        guard case .bytes(let bytes, _) = line, bytes.allSatisfy({ [0x20, 0x09, 0x0D].contains($0) }) else {
          return line
        }
      }
      guard !isAtEnd, try isReadable(waiting: waiting) else { return nil }
      try readChunk()
    }
    return nil
  }

  private mutating func takeLine() -> Line? {
    let end = buffer[searched...].firstIndex(of: UInt8(ascii: "\n"))
    searched = end ?? buffer.count
    if isPassingOver || searched - start > limit {
      isPassingOver = end == nil && !isAtEnd
      guard isPassingOver else {
        finishLine(at: end)
        return .tooLong(number: number)
      }
      (buffer, start, searched) = ([], 0, 0)
      return nil
    }
    // The last line may lack its end.
    guard end != nil || (isAtEnd && start < buffer.count) else { return nil }
    var bytes = buffer[start..<searched]
    // A byte-order mark in front is no part of the first line.
    if number == 0, bytes.starts(with: [0xEF, 0xBB, 0xBF]) { bytes = bytes.dropFirst(3) }
    finishLine(at: end)
    return .bytes([UInt8](bytes), number: number)
  }

  private mutating func finishLine(at end: Int?) {
    number += 1
    start = end.map { $0 + 1 } ?? buffer.count
    searched = start
  }

  private mutating func readChunk() throws(CommandFailure) {
    if start > 0 {
      // Copied, so that what a long line took is given back.
      buffer = [UInt8](buffer[start...])
      (searched, start) = (searched - start, 0)
    }
    var count = 0
    let piece = [UInt8](unsafeUninitializedCapacity: Self.chunk) { room, filled in
      repeat { count = read(descriptor, room.baseAddress, room.count) } while count < 0 && errno == EINTR
      filled = max(count, 0)
    }
    guard count >= 0 else {
      throw CommandFailure(
        message: "cannot read \(name): \(String(cString: strerror(errno)))", hint: "check where the lines come from")
    }
    isAtEnd = count == 0
    buffer += piece
  }

  /// Whether reading would not wait. Ends the process when the reader of the answers leaves meanwhile.
  private func isReadable(waiting: Bool) throws(CommandFailure) -> Bool {
    var watched = [
      pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0), pollfd(fd: output, events: 0, revents: 0),
      pollfd(fd: StopRequest.descriptor, events: Int16(POLLIN), revents: 0),
    ]
    while true {
      let count = poll(&watched, 3, waiting ? -1 : 0)
      if count < 0, errno == EINTR { continue }
      if watched[1].revents & Int16(POLLERR) != 0 {
        raise(SIGPIPE)
        exit(128 + SIGPIPE)
      }
      if watched[2].revents != 0 { return false }
      // Whatever else there is, reading tells.
      if count < 0 || watched[0].revents != 0 { return true }
      guard waiting else { return false }
    }
  }
}
