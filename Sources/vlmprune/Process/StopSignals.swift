#if Server
  import Dispatch
  import Foundation
  import Synchronization

  /// SIGTERM and SIGINT (Ctrl-C) in a command that ends what it does before it stops. The second one ends the process
  /// at once.
  struct StopSignals {
    private let sources: [any DispatchSourceSignal]

    init(_ stop: @escaping @Sendable () -> Void) {
      sources = [SIGTERM, SIGINT].map { number in
        // The source sees the signal only where it does not end the process.
        signal(number, SIG_IGN)
        let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
        source.setEventHandler {
          signal(number, SIG_DFL)
          stop()
        }
        source.resume()
        return source
      }
    }

    func cancel() { for source in sources { source.cancel() } }
  }

  /// How a server ended, for the thread that waits for it.
  final class ServerEnd: Sendable {
    private let error = Mutex((any Error)?.none)
    private let end = DispatchSemaphore(value: 0)

    func finish(_ error: (any Error)?) {
      self.error.withLock { $0 = error }
      end.signal()
    }

    func wait() throws {
      end.wait()
      if let error = error.withLock({ $0 }) { throw error }
    }
  }
#endif
