import Synchronization

/// A pool of reusable memory. A model needs the same work memory for every token; taken from the system, each block
/// would cost a page fault every four kilobytes, every time. A pool keeps what is given back, up to a limit.
///
/// Threads may take and give back at the same time. `Workers` has a pool, which the kernels use; a caller's own
/// workspaces may come from the same one (`AlignedBuffer(count:from:)`).
public final class WorkspacePool: Sendable {
  /// The most bytes to keep while they are unused.
  public let limit: Int

  private struct State {
    /// Longest unused first.
    var free: [SharedSpan<UInt8>] = []
    var kept = 0
    var made = 0
  }

  private let state = Mutex(State())

  /// Smaller blocks come from the system's allocator, which keeps those itself.
  private static let smallest = 4096

  public init(limit: Int = 256 << 20) {
    precondition(limit >= 0, "a limit is a number of bytes")
    self.limit = limit
  }

  deinit {
    state.withLock { state in
      for block in state.free { block.all.deallocate() }
    }
  }

  /// How often memory came from the system instead of the pool. It does not grow while the same work repeats.
  public var allocations: Int { state.withLock { $0.made } }

  /// Bytes that are kept for the next use.
  public var keptBytes: Int { state.withLock { $0.kept } }

  /// Memory for `count` elements, aligned to 64 bytes and uninitialised. It comes back when the workspace ends.
  func take<Element: BitwiseCopyable>(_ count: Int, of type: Element.Type = Element.self) -> Workspace<Element> {
    let bytes = count * MemoryLayout<Element>.stride
    guard bytes >= Self.smallest else { return Workspace(count: count) }
    let size = Self.roomFor(bytes)
    let known = state.withLock { state -> SharedSpan<UInt8>? in
      guard let place = state.free.lastIndex(where: { $0.count == size }) else {
        state.made += 1
        return nil
      }
      state.kept -= size
      return state.free.remove(at: place)
    }
    return Workspace(count: count, block: known ?? Self.allocate(size), pool: self)
  }

  fileprivate func giveBack(_ block: SharedSpan<UInt8>) {
    let excess = state.withLock { state -> [SharedSpan<UInt8>] in
      state.free.append(block)
      state.kept += block.count
      var excess: [SharedSpan<UInt8>] = []
      while state.kept > limit {
        let oldest = state.free.removeFirst()
        state.kept -= oldest.count
        excess.append(oldest)
      }
      return excess
    }
    for block in excess { block.all.deallocate() }
  }

  fileprivate static func allocate(_ bytes: Int) -> SharedSpan<UInt8> {
    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: max(bytes, 1), alignment: 64)
    return SharedSpan(writing: memory.bindMemory(to: UInt8.self))
  }

  /// Rounds up by a quarter at most, so that what grows with each token (the scores of attention) seldom needs a new
  /// size.
  private static func roomFor(_ bytes: Int) -> Int {
    let step = max(smallest, (1 << (Int.bitWidth - 1 - bytes.leadingZeroBitCount)) / 4)
    return (bytes + step - 1) / step * step
  }
}

/// Memory for `count` elements that goes back to its pool, or to the system, when this ends.
struct Workspace<Element: BitwiseCopyable>: ~Copyable, Sendable {
  let elements: SharedSpan<Element>
  private let block: SharedSpan<UInt8>
  private let pool: WorkspacePool?

  /// From the system.
  init(count: Int) {
    self.init(count: count, block: WorkspacePool.allocate(count * MemoryLayout<Element>.stride), pool: nil)
  }

  fileprivate init(count: Int, block: SharedSpan<UInt8>, pool: WorkspacePool?) {
    self.block = block
    self.pool = pool
    let memory = UnsafeMutableRawBufferPointer(block.writable(0..<block.count))
    let elements = memory.bindMemory(to: Element.self)
    self.elements = SharedSpan(writing: UnsafeMutableBufferPointer(rebasing: elements[..<count]))
  }

  deinit {
    if let pool { pool.giveBack(block) } else { block.all.deallocate() }
  }
}
