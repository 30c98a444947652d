/// Immutable Float32 weights: either memory of their own, or a view into something that is kept alive (a mapped file).
///
/// Unchecked because of the pointer: it is only ever read, and `owner` keeps it valid.
public final class WeightBuffer: @unchecked Sendable {
  public let count: Int
  private let pointer: UnsafePointer<Float>
  private let owner: AnyObject?

  /// Takes memory filled by `fill`, which must write every element.
  public init(count: Int, filledBy fill: (UnsafeMutableBufferPointer<Float>) -> Void) {
    let memory = UnsafeMutableRawBufferPointer.allocate(
      byteCount: max(count, 1) * MemoryLayout<Float>.stride, alignment: 64)
    let elements = memory.bindMemory(to: Float.self)
    fill(UnsafeMutableBufferPointer(rebasing: elements[..<count]))
    self.count = count
    pointer = UnsafePointer(elements.baseAddress.unsafelyUnwrapped)
    owner = nil
  }

  /// A view of `count` floats at `pointer`, valid for as long as `owner` lives.
  public init(viewing pointer: UnsafePointer<Float>, count: Int, owner: AnyObject) {
    self.count = count
    self.pointer = pointer
    self.owner = owner
  }

  public convenience init(_ values: [Float]) {
    self.init(count: values.count) { destination in _ = destination.update(fromContentsOf: values) }
  }

  deinit {
    if owner == nil { UnsafeMutablePointer(mutating: pointer).deallocate() }
  }

  /// A view of the elements in `range`, which keeps this buffer alive.
  public func slice(_ range: Range<Int>) -> WeightBuffer {
    precondition(range.lowerBound >= 0 && range.upperBound <= count, "a slice lies inside its buffer")
    return WeightBuffer(viewing: pointer + range.lowerBound, count: range.count, owner: self)
  }

  /// Reads all elements.
  public func withUnsafeElements<Result>(_ body: (UnsafeBufferPointer<Float>) -> Result) -> Result {
    withExtendedLifetime(self) { body(UnsafeBufferPointer(start: pointer, count: count)) }
  }

  /// A copy.
  public var values: [Float] { withUnsafeElements(Array.init) }
}
