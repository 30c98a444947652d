import Dispatch
import Synchronization

/// Sees to it that what large bodies took is given back: the allocator keeps freed memory for the engine's workspaces,
/// and bodies of strangers should not count among those.
final class BodyMemory: Sendable {
  private struct State {
    var bodies = 0
    var bytes = 0
  }

  /// Bytes of bodies after which memory is given back once none is being read, and after which it is at once.
  private static let (quietly, anyway) = (4 << 20, 256 << 20)

  private let state = Mutex(State())
  private let giveBack: @Sendable () -> Void
  private let queue = DispatchQueue(label: "vlmprune.memory")

  init(_ giveBack: @escaping @Sendable () -> Void) { self.giveBack = giveBack }

  func begin() { state.withLock { $0.bodies += 1 } }

  func end(bytes: Int) {
    let isTime = state.withLock { state in
      state.bodies -= 1
      state.bytes += bytes
      guard state.bytes >= (state.bodies == 0 ? Self.quietly : Self.anyway) else { return false }
      state.bytes = 0
      return true
    }
    if isTime { queue.async(execute: giveBack) }
  }
}
