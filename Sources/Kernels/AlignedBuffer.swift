/// Owned, cache-line aligned Float32 memory for workspaces and caches that are allocated once and reused. It cannot be
/// copied by accident. Use `Matrix` for values that travel between modules.
public struct AlignedBuffer: ~Copyable, @unchecked Sendable {
  // Unchecked: nobody else has the pointer, so whoever owns the buffer owns its memory.
  private let elements: UnsafeMutableBufferPointer<Float>
  /// Number of elements.
  public let count: Int

  /// Memory for `count` elements, not initialised to anything that a reader may rely on; pages are taken when first written.
  public init(count: Int) {
    precondition(count >= 0, "a buffer has a size")
    self.count = count
    let memory = UnsafeMutableRawBufferPointer.allocate(
      byteCount: max(count, 1) * MemoryLayout<Float>.stride, alignment: 64)
    elements = UnsafeMutableBufferPointer(rebasing: memory.bindMemory(to: Float.self)[..<count])
  }

  deinit { UnsafeMutableRawPointer(elements.baseAddress)?.deallocate() }

  /// Reads the elements in `range`.
  public func withSpan<Result: ~Copyable>(_ range: Range<Int>, _ body: (Span<Float>) -> Result) -> Result {
    check(range)
    return body(UnsafeBufferPointer(rebasing: UnsafeBufferPointer(elements)[range]).span)
  }

  /// Writes the elements in `range`.
  public mutating func withMutableSpan<Result: ~Copyable>(
    _ range: Range<Int>, _ body: (inout MutableSpan<Float>) -> Result
  ) -> Result {
    check(range)
    var span = UnsafeMutableBufferPointer(rebasing: elements[range]).mutableSpan
    return body(&span)
  }

  private func check(_ range: Range<Int>) {
    precondition(range.lowerBound >= 0 && range.upperBound <= count, "buffer range out of bounds")
  }
}
