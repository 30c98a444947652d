import CTeam
import Synchronization

/// The number of threads that work on one product: the only parallel primitive of the code. Libraries are limited to
/// one thread, so that library threads × own threads never exceed this number.
public struct Workers: Sendable {
  public let count: Int
  /// Work memory, which the kernels take for each call and give back.
  public let workspaces: WorkspacePool
  private let stop: StopCheck?

  public init(count: Int, workspaces: WorkspacePool = WorkspacePool(), stop: StopCheck? = nil) {
    precondition(count >= 1, "at least one thread works")
    self.count = count
    self.workspaces = workspaces
    self.stop = stop
  }

  /// The same threads and work memory, for work that ends early when `stop` says so.
  public func stopping(when stop: StopCheck) -> Workers { Workers(count: count, workspaces: workspaces, stop: stop) }

  /// Whether what these workers do is no longer wanted. Towers and decoders ask between blocks and return early; their
  /// callers ask again and throw the result away.
  public var haveStopped: Bool { stop?.hasStopped ?? false }

  /// Calls `body(i)` for every i in 0 ..< items, in no particular order and on several threads at once, and returns
  /// when all are done. Items are handed out one by one, so that uneven ones balance.
  public func forEach(_ items: Int, _ body: @Sendable (Int) -> Void) {
    forEach(items, lane: {}) { _, item in body(item) }
  }

  /// The same, with a value that each thread creates before its first item, such as work memory.
  public func forEach<Lane>(_ items: Int, lane: @Sendable () -> Lane, _ body: @Sendable (Lane, Int) -> Void) {
    guard count > 1 && items > 1 else {
      guard items > 0 else { return }
      let own = lane()
      for item in 0..<items { body(own, item) }
      return
    }
    let next = Atomic<Int>(0)
    withoutActuallyEscaping({
      let own = lane()
      while true {
        let item = next.wrappingAdd(1, ordering: .relaxed).oldValue
        guard item < items else { return }
        body(own, item)
      }
    }) { work in
      var work = work
      withUnsafeMutablePointer(to: &work) { work in
        // The task's only argument: the closure's address, which outlives the call.
        cv_team_run(
          min(count, items) - 1, { $0?.assumingMemoryBound(to: (() -> Void).self).pointee() }, work)
      }
    }
  }

  /// Calls `body` with disjoint ranges that cover 0 ..< total: one range per thread, each but the last a multiple of
  /// `grain`.
  public func forEachRange(of total: Int, grain: Int = 1, _ body: @Sendable (Range<Int>) -> Void) {
    let grains = (total + grain - 1) / grain
    let lanes = max(1, min(count, grains))
    let size = (grains + lanes - 1) / lanes * grain
    forEach(lanes) { lane in
      let range = min(lane * size, total)..<min((lane + 1) * size, total)
      if !range.isEmpty { body(range) }
    }
  }
}

extension Workers: Hashable {
  /// Equal if they have the same number of threads: work memory does not change a result.
  public static func == (first: Workers, second: Workers) -> Bool { first.count == second.count }
  public func hash(into hasher: inout Hasher) { hasher.combine(count) }
}
