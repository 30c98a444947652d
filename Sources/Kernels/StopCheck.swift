import Synchronization

/// Whether work is no longer wanted. Once the check has said so it stays so, whatever the check would say later: what
/// was left unfinished is never taken for a result.
public final class StopCheck: Sendable {
  private let check: @Sendable () -> Bool
  private let isLatched = Atomic<Bool>(false)

  /// - Parameter check: asked between the blocks of a model, on the thread that runs them.
  public init(_ check: @escaping @Sendable () -> Bool) { self.check = check }

  public var hasStopped: Bool {
    if isLatched.load(ordering: .relaxed) { return true }
    guard check() else { return false }
    isLatched.store(true, ordering: .relaxed)
    return true
  }
}
