/// Immutable Float32 weights: either memory of their own, or a view into something that is kept alive (a mapped file).
public final class WeightBuffer: Sendable {
  private let elements: SharedSpan<Float>
  /// The owner of the memory; nil if it is this buffer's own.
  private let owner: (any AnyObject & Sendable)?

  public var count: Int { elements.count }

  /// Takes memory filled by `fill`, which must write every element.
  public init(count: Int, filledBy fill: (UnsafeMutableBufferPointer<Float>) -> Void) {
    let memory = UnsafeMutableRawBufferPointer.allocate(
      byteCount: max(count, 1) * MemoryLayout<Float>.stride, alignment: 64)
    let own = UnsafeMutableBufferPointer(rebasing: memory.bindMemory(to: Float.self)[..<count])
    fill(own)
    elements = SharedSpan(reading: UnsafeBufferPointer(own))
    owner = nil
  }

  /// A view of `count` floats at `pointer`, valid for as long as `owner` lives.
  public init(viewing pointer: UnsafePointer<Float>, count: Int, owner: any AnyObject & Sendable) {
    elements = SharedSpan(reading: UnsafeBufferPointer(start: pointer, count: count))
    self.owner = owner
  }

  public convenience init(_ values: [Float]) {
    self.init(count: values.count) { destination in _ = destination.update(fromContentsOf: values) }
  }

  deinit {
    if owner == nil { elements.all.deallocate() }
  }

  /// A view of the elements in `range`, which keeps this buffer alive.
  public func slice(_ range: Range<Int>) -> WeightBuffer {
    let part = elements[range]
    guard let start = part.baseAddress else { return WeightBuffer([]) }
    return WeightBuffer(viewing: start, count: part.count, owner: self)
  }

  /// Reads all elements.
  public func withUnsafeElements<Result>(_ body: (UnsafeBufferPointer<Float>) -> Result) -> Result {
    withExtendedLifetime(self) { body(elements.all) }
  }

  /// A copy.
  public var values: [Float] { withUnsafeElements(Array.init) }
}
