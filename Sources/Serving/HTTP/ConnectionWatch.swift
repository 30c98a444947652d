#if Server
  import Synchronization

  /// Tells whoever answers a request that its client has left.
  final class ConnectionWatch: Sendable {
    private struct State {
      var isClosed = false
      var action: (@Sendable () -> Void)?
    }

    private let state = Mutex(State())

    /// Runs `action` when the client leaves, or at once if it has; nil forgets the last one.
    func whenClosed(_ action: (@Sendable () -> Void)?) {
      let isClosed = state.withLock { state in
        state.action = action
        return state.isClosed
      }
      if isClosed { action?() }
    }

    func close() {
      let action = state.withLock { state in
        state.isClosed = true
        return state.action
      }
      action?()
    }
  }
#endif
