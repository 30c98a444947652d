import Foundation

/// The binary on a pseudo-terminal: what it does for a person.
struct Terminal {
  /// What stdout showed.
  let screen: String
  let errors: String
  let exitCode: Int32?
  let isTimedOut: Bool

  private struct NoTerminal: Error {}

  /// Types every line at once, as somebody who reads nothing would, and waits for the end.
  init(_ command: Command, typing lines: [String]) throws {
    let scratch = try Scratch()
    let (keyboard, device) = try Self.open()
    defer { close(keyboard) }
    let text = Array(lines.map { "\($0)\n" }.joined().utf8)
    guard Glibc.write(keyboard, text, text.count) == text.count else { throw NoTerminal() }
    let child = try ChildProcess(
      command.command, environment: command.completeEnvironment(home: scratch.folder),
      input: .descriptor(device), output: .descriptor(device), errors: scratch.path("err"))
    var shown: [UInt8] = []
    let end = child.wait(seconds: command.timeLimit) { shown += Self.read(keyboard) }
    close(device)
    screen = String(decoding: shown, as: UTF8.self)
    errors = String(decoding: try scratch.bytes("err"), as: UTF8.self)
    exitCode = end.exitCode
    isTimedOut = end.isTimedOut
  }

  /// Both ends, without echo and without changes to line ends, so that the screen shows what was written.
  private static func open() throws -> (keyboard: Int32, device: Int32) {
    // What unlockpt and ptsname do: the headers hide both from Swift.
    let (unlock, number): (UInt, UInt) = (0x4004_5431, 0x8004_5430)
    let keyboard = Glibc.open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK)
    var lock: Int32 = 0
    var index: Int32 = 0
    guard keyboard >= 0, ioctl(keyboard, unlock, &lock) == 0, ioctl(keyboard, number, &index) == 0 else {
      throw NoTerminal()
    }
    let device = Glibc.open("/dev/pts/\(index)", O_RDWR | O_NOCTTY | O_CLOEXEC)
    var settings = termios()
    guard device >= 0, tcgetattr(device, &settings) == 0 else { throw NoTerminal() }
    settings.c_lflag &= ~tcflag_t(ECHO)
    settings.c_oflag &= ~tcflag_t(OPOST)
    guard tcsetattr(device, TCSANOW, &settings) == 0 else { throw NoTerminal() }
    return (keyboard, device)
  }

  /// Runs with both streams on a terminal of so many columns. With a second number the window is resized as soon as a
  /// line of progress stands in it.
  init(_ command: Command, columns: [UInt16]) throws {
    let scratch = try Scratch()
    let (keyboard, device) = try Self.open()
    defer { close(keyboard) }
    try Self.resize(keyboard, columns: columns[0])
    var command = command
    command.line = "exec \"$0\" \"$@\" 2>&1"
    let child = try ChildProcess(
      command.command, environment: command.completeEnvironment(home: scratch.folder),
      input: .descriptor(device), output: .descriptor(device), errors: scratch.path("err"))
    var shown: [UInt8] = []
    var later = columns.dropFirst()
    let end = child.wait(seconds: command.timeLimit) {
      shown += Self.read(keyboard)
      guard let next = later.first, shown.contains(UInt8(ascii: "\r")) else { return }
      later = later.dropFirst()
      try? Self.resize(keyboard, columns: next)
    }
    close(device)
    screen = String(decoding: shown, as: UTF8.self)
    errors = String(decoding: try scratch.bytes("err"), as: UTF8.self)
    exitCode = end.exitCode
    isTimedOut = end.isTimedOut
  }

  private static func resize(_ terminal: Int32, columns: UInt16) throws {
    var size = winsize(ws_row: 24, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0)
    guard ioctl(terminal, UInt(TIOCSWINSZ), &size) == 0 else { throw NoTerminal() }
  }

  private static func read(_ descriptor: Int32) -> [UInt8] {
    var bytes: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 4096)
    while true {
      let count = Glibc.read(descriptor, &piece, piece.count)
      guard count > 0 else { return bytes }
      bytes += piece.prefix(count)
    }
  }
}
