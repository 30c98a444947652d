import Foundation
import Synchronization

/// SIGTERM, SIGHUP and Ctrl-C between two lines of output: the output then holds whole lines only, and the process
/// ends by the signal, as without any of this.
final class Interruption: Sendable {
  private let writing = Mutex(())
  /// How long a line that nobody reads may hold up the end.
  private static let patience = Duration.seconds(2)

  /// Takes the signals over. Threads that exist already would still get them, so it comes before the model is loaded.
  init() {
    var signals = sigset_t()
    sigemptyset(&signals)
    for signal in [SIGINT, SIGTERM, SIGHUP] where !Self.isIgnored(signal) { sigaddset(&signals, signal) }
    pthread_sigmask(SIG_BLOCK, &signals, nil)
    let taken = signals
    Thread.detachNewThread { [self] in
      var signals = taken
      var caught: Int32 = 0
      guard sigwait(&signals, &caught) == 0 else { return }
      end(by: caught, of: signals)
    }
  }

  /// Runs `body`, which writes one line, undisturbed.
  func undisturbed(_ body: () throws -> Void) rethrows { try writing.withLock { _ in try body() } }

  private func end(by caught: Int32, of signals: sigset_t) {
    let deadline = ContinuousClock.now + Self.patience
    func end() {
      var signals = signals
      signal(caught, SIG_DFL)
      pthread_sigmask(SIG_UNBLOCK, &signals, nil)
      raise(caught)
      // The first process of a container does not die of signals.
      _exit(128 + caught)
    }
    while ContinuousClock.now < deadline {
      writing.withLockIfAvailable { _ in end() }
      usleep(1000)
    }
    end()
  }

  /// Whether the process was started with a signal ignored, as `nohup` and a shell's background do: it stays so.
  private static func isIgnored(_ signal: Int32) -> Bool {
    var action = sigaction()
    guard sigaction(signal, nil, &action) == 0 else { return false }
    return unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self) == 1
  }
}
