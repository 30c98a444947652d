import Foundation
import Synchronization

/// Ctrl-C and SIGTERM in commands that have something to save: the first asks for an end after the row in flight, the
/// second ends the process at once.
enum Interruption {
  /// A signal's handler can reach nothing else. 0: none came.
  private static let received = Atomic<Int32>(0)

  /// From now on the two signals are noted.
  static func watch() {
    for number in [SIGINT, SIGTERM] {
      signal(number) { number in
        Interruption.received.store(number, ordering: .relaxed)
        signal(number, SIG_DFL)
      }
    }
  }

  static var hasCome: Bool { received.load(ordering: .relaxed) != 0 }

  /// What a shell expects of a process that a signal ended: 130 or 143; nil where none came.
  static var exitCode: Int32? {
    let number = received.load(ordering: .relaxed)
    return number == 0 ? nil : 128 + number
  }
}
