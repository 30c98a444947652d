import Dispatch
import Synchronization

/// The bounded queue between clients, on any thread, and the one thread that answers. First in, first out.
final class RequestLine: Sendable {
  private struct State {
    var waiting: [QueuedRequest] = []
    var running = 0
    var isDraining = false
    var isClosed = false
    var awaitsEnd: [CheckedContinuation<Void, Never>] = []
  }

  private let parallel: Int
  private let queue: Int
  private let state = Mutex(State())
  /// Signalled whenever the thread may have something to do.
  private let changed = DispatchSemaphore(value: 0)

  init(parallel: Int, queue: Int) {
    self.parallel = parallel
    self.queue = queue
  }

  var waiting: Int { state.withLock { $0.waiting.count } }

  /// Why a request would be refused now; nil: it would be queued.
  var refusal: ServiceRefusal? { state.withLock { refusal($0) } }

  private func refusal(_ state: borrowing State) -> ServiceRefusal? {
    if state.isDraining || state.isClosed { return .draining }
    return state.waiting.count + state.running < queue + parallel ? nil : .queueFull
  }

  func join(_ request: QueuedRequest) throws(ServiceRefusal) {
    let reason = state.withLock { state in
      let reason = refusal(state)
      if reason == nil { state.waiting.append(request) }
      return reason
    }
    if let reason { throw reason }
    changed.signal()
  }

  /// Ends a request that waits at once, and one that runs before its next step.
  func cancel(_ request: QueuedRequest) {
    request.cancel()
    let waited = state.withLock { state in
      let place = state.waiting.firstIndex { $0 === request }
      if let place { state.waiting.remove(at: place) }
      return place != nil
    }
    if waited { request.end() }
    changed.signal()
  }

  /// Called by the thread that answers: requests that begin now, oldest first. Sleeps while nothing runs and nothing
  /// waits.
  /// - Returns: nil when the line is closed and all have their answers.
  func admit() -> [QueuedRequest]? {
    while true {
      let (begun, isIdle, isClosed, ended) = state.withLock { state in
        let begun = Array(state.waiting.prefix(parallel - state.running))
        state.waiting.removeFirst(begun.count)
        state.running += begun.count
        let isIdle = state.running == 0
        let ended = isIdle && state.isDraining ? state.awaitsEnd : []
        if !ended.isEmpty { state.awaitsEnd = [] }
        return (begun, isIdle, state.isClosed, ended)
      }
      for continuation in ended { continuation.resume() }
      if !isIdle { return begun }
      if isClosed { return nil }
      changed.wait()
    }
  }

  /// Called by the thread that answers, before it tells a client that its answer has ended: the client may ask again.
  func release() { state.withLock { $0.running -= 1 } }

  /// Refuses what comes, and returns when all that was there has ended.
  func drain() async {
    await withCheckedContinuation { continuation in
      let hasEnded = state.withLock { state in
        state.isDraining = true
        if state.running == 0 && state.waiting.isEmpty { return true }
        state.awaitsEnd.append(continuation)
        return false
      }
      if hasEnded { continuation.resume() }
    }
  }

  /// Nobody can ask any more: the thread ends when it has answered what is there.
  func close() {
    state.withLock { $0.isClosed = true }
    changed.signal()
  }
}
