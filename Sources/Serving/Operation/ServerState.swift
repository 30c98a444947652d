import Synchronization

/// What a server is about.
final class ServerState: Sendable {
  private struct Phase {
    var served: ServedModel?
    var isStopping = false
    var failure: (any Error)?
  }

  private let phase = Mutex(Phase())

  /// Nil while it loads.
  var served: ServedModel? { phase.withLock { $0.served } }
  var isStopping: Bool { phase.withLock { $0.isStopping } }
  /// Why the model could not be loaded.
  var failure: (any Error)? { phase.withLock { $0.failure } }

  func take(_ served: ServedModel) { phase.withLock { $0.served = served } }
  func fail(_ error: any Error) { phase.withLock { $0.failure = error } }
  func stop() { phase.withLock { $0.isStopping = true } }
}
