import Foundation
import Synchronization

/// SIGINT (Ctrl-C), SIGTERM and SIGHUP in commands that have something to save. The first one asks for an end: the
/// command finishes what it is writing and calls `endProcess`. A second one ends the process at once.
enum StopRequest {
  /// The signal that came, or 0.
  private static let received = Atomic<Int32>(0)
  /// The signal's handler writes to this pipe, so that a thread that waits in `poll` wakes, whichever thread ran it.
  private static let pipe: (reading: Int32, writing: Int32) = {
    var ends: [Int32] = [-1, -1]
    guard Glibc.pipe(&ends) == 0 else { return (-1, -1) }
    for end in ends {
      _ = fcntl(end, F_SETFD, FD_CLOEXEC)
      _ = fcntl(end, F_SETFL, O_NONBLOCK)
    }
    return (ends[0], ends[1])
  }()

  /// A descriptor that becomes readable when a signal comes, and stays so.
  static var descriptor: Int32 { pipe.reading }

  static var hasCome: Bool { received.load(ordering: .relaxed) != 0 }

  /// Takes the signals over. Before this, they end the process as usual.
  static func watch() {
    // Made here, because a handler may not.
    _ = pipe
    for number in [SIGINT, SIGTERM, SIGHUP] where !isIgnored(number) {
      signal(number) { number in
        let error = errno
        StopRequest.received.store(number, ordering: .relaxed)
        signal(number, SIG_DFL)
        var byte: UInt8 = 0
        _ = write(StopRequest.pipe.writing, &byte, 1)
        errno = error
      }
    }
  }

  /// Ends the process with 128 + the number of the signal that came: 130 or 143. Returns if none came.
  static func endProcess() {
    let number = received.load(ordering: .relaxed)
    if number != 0 { exit(128 + number) }
  }

  /// Whether the process was started with a signal ignored, as by `nohup` and in a script's background. It stays so.
  private static func isIgnored(_ signal: Int32) -> Bool {
    var action = sigaction()
    guard sigaction(signal, nil, &action) == 0 else { return false }
    return unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self) == 1
  }
}
