/// Memory that the threads of one parallel call share. It owns nothing and frees nothing.
///
/// The only type whose `Sendable` is unchecked because of a pointer to memory (`OneDNN` has handles of a library); the
/// compiler checks the types that hold one. Code that creates one must ensure two things:
/// - The memory outlives every use. Usually it belongs to the caller of `Workers.forEach`, which returns when all
///   threads are done; a class that keeps one longer keeps the owner too.
/// - No thread touches what another writes before both are done. Code that divides the work gives each item its own
///   elements: a panel, a row, a head.
///
/// Bounds are checked at every access, and memory shared for reading cannot be written.
public struct SharedSpan<Element>: @unchecked Sendable {
  private let elements: UnsafeMutableBufferPointer<Element>
  private let isWritable: Bool

  /// Memory that is not written while this is used.
  public init(reading elements: UnsafeBufferPointer<Element>) {
    self.elements = UnsafeMutableBufferPointer(mutating: elements)
    isWritable = false
  }

  /// Memory of which each thread writes its own part.
  public init(writing elements: UnsafeMutableBufferPointer<Element>) {
    self.elements = elements
    isWritable = true
  }

  public var count: Int { elements.count }

  /// The elements in `range`, to be read.
  public subscript(range: Range<Int>) -> UnsafeBufferPointer<Element> {
    check(range)
    return UnsafeBufferPointer(rebasing: elements[range])
  }

  /// The elements in `range`, to be written.
  public func writable(_ range: Range<Int>) -> UnsafeMutableBufferPointer<Element> {
    precondition(isWritable, "what was shared for reading is not written")
    check(range)
    return UnsafeMutableBufferPointer(rebasing: elements[range])
  }

  /// All elements, to be read.
  public var all: UnsafeBufferPointer<Element> { UnsafeBufferPointer(elements) }

  /// A part of the memory, writable if the whole is.
  public func part(_ range: Range<Int>) -> SharedSpan {
    isWritable ? SharedSpan(writing: writable(range)) : SharedSpan(reading: self[range])
  }

  private func check(_ range: Range<Int>) {
    precondition(range.lowerBound >= 0 && range.upperBound <= count, "shared memory is used inside its bounds")
  }
}

extension SharedSpan where Element == UInt8 {
  /// Bytes that hold `Other`s, to be read.
  func elements<Other: BitwiseCopyable>(_ type: Other.Type) -> UnsafeBufferPointer<Other> {
    UnsafeRawBufferPointer(all).assumingMemoryBound(to: type)
  }

  /// Bytes that hold `Other`s, to be written.
  func writableElements<Other: BitwiseCopyable>(_ type: Other.Type) -> UnsafeMutableBufferPointer<Other> {
    UnsafeMutableRawBufferPointer(writable(0..<count)).assumingMemoryBound(to: type)
  }
}
