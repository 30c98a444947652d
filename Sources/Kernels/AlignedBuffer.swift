/// Owned, cache-line aligned Float32 memory for workspaces and caches that are allocated once and reused. It cannot be
/// copied by accident. Use `Matrix` for values that travel between modules.
public struct AlignedBuffer: ~Copyable, Sendable {
  private let memory: Workspace<Float>
  /// Number of elements.
  public var count: Int { memory.elements.count }

  /// Uninitialised memory for `count` elements. The system provides each page when it is first written.
  /// - Parameter pool: where the memory comes from and returns to; nil: the system.
  public init(count: Int, from pool: WorkspacePool? = nil) {
    precondition(count >= 0, "a buffer has a size")
    memory = pool?.take(count) ?? Workspace(count: count)
  }

  /// Reads the elements in `range`.
  public func withSpan<Result: ~Copyable>(_ range: Range<Int>, _ body: (Span<Float>) -> Result) -> Result {
    body(memory.elements[range].span)
  }

  /// Writes the elements in `range`.
  public mutating func withMutableSpan<Result: ~Copyable>(
    _ range: Range<Int>, _ body: (inout MutableSpan<Float>) -> Result
  ) -> Result {
    var span = memory.elements.writable(range).mutableSpan
    return body(&span)
  }
}
