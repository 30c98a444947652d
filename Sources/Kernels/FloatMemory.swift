/// Memory of Float32 values that the kernels read and write as a whole: arrays, and buffers that come from a pool.
public protocol FloatMemory: ~Copyable {
  /// Reads all elements.
  func withElements<Result>(_ body: (Span<Float>) -> Result) -> Result
  /// Writes all elements.
  mutating func withMutableElements<Result>(_ body: (inout MutableSpan<Float>) -> Result) -> Result
}

extension [Float]: FloatMemory {
  public func withElements<Result>(_ body: (Span<Float>) -> Result) -> Result { body(span) }

  public mutating func withMutableElements<Result>(_ body: (inout MutableSpan<Float>) -> Result) -> Result {
    var span = mutableSpan
    return body(&span)
  }
}

extension AlignedBuffer: FloatMemory {
  public func withElements<Result>(_ body: (Span<Float>) -> Result) -> Result { withSpan(0..<count, body) }

  public mutating func withMutableElements<Result>(_ body: (inout MutableSpan<Float>) -> Result) -> Result {
    withMutableSpan(0..<count, body)
  }
}

extension AlignedBuffer {
  /// Memory that starts with `values`; what follows them is not defined.
  /// - Parameters:
  ///   - count: number of elements; nil: as many as there are values.
  ///   - pool: as `init(count:from:)`.
  public init(_ values: [Float], count: Int? = nil, from pool: WorkspacePool? = nil) {
    self.init(count: count ?? values.count, from: pool)
    replace(from: 0, with: values)
  }

  /// Copies `values` to the elements from `start` on.
  public mutating func replace(from start: Int, with values: [Float]) {
    values.withUnsafeBufferPointer { values in
      withMutableSpan(start..<start + values.count) { span in
        span.withUnsafeMutableBufferPointer { _ = $0.update(fromContentsOf: values) }
      }
    }
  }

  /// A copy of the elements in `range`.
  public func values(_ range: Range<Int>) -> [Float] {
    withSpan(range) { $0.withUnsafeBufferPointer(Array.init) }
  }

  /// Moves the elements in `range` to the front.
  public mutating func moveToFront(_ range: Range<Int>) {
    withMutableSpan(0..<range.upperBound) { span in
      span.withUnsafeMutableBufferPointer { elements in
        guard let base = elements.baseAddress else { return }
        base.update(from: base + range.lowerBound, count: range.count)
      }
    }
  }
}
