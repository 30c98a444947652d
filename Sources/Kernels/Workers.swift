import Dispatch
import Synchronization

/// How many threads work on one product: the only parallel primitive of the code. OpenBLAS itself is held at one thread, so
/// that library threads × own threads never exceed this number.
public struct Workers: Sendable, Hashable {
  public let count: Int

  public init(count: Int) {
    precondition(count >= 1, "at least one thread works")
    self.count = count
  }

  /// Calls `body(i)` for every i in 0 ..< items, in no particular order, and returns when all are done. Items are handed out
  /// one by one, so that uneven ones balance.
  public func forEach(_ items: Int, _ body: (Int) -> Void) {
    guard count > 1 && items > 1 else {
      for item in 0..<items { body(item) }
      return
    }
    let next = Atomic<Int>(0)
    withoutActuallyEscaping(body) { body in
      let work = SharedBody(run: body)
      DispatchQueue.concurrentPerform(iterations: min(count, items)) { _ in
        while true {
          let item = next.wrappingAdd(1, ordering: .relaxed).oldValue
          guard item < items else { return }
          work.run(item)
        }
      }
    }
  }

  /// Calls `body` with disjoint ranges that cover 0 ..< total: one range a thread, each a multiple of `grain` but the last.
  public func forEachRange(of total: Int, grain: Int = 1, _ body: (Range<Int>) -> Void) {
    let grains = (total + grain - 1) / grain
    let lanes = max(1, min(count, grains))
    let size = (grains + lanes - 1) / lanes * grain
    forEach(lanes) { lane in
      let range = min(lane * size, total)..<min((lane + 1) * size, total)
      if !range.isEmpty { body(range) }
    }
  }
}

/// Lets a non-escaping closure cross into the threads of one `concurrentPerform`. Unchecked because kernels capture raw
/// pointers: every item writes memory of its own, and the call returns only after all threads have.
private struct SharedBody: @unchecked Sendable {
  let run: (Int) -> Void
}
