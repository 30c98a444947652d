/// One layer's cached keys and values, [heads][capacity][headWidth] each, Float32 or bfloat16.
///
/// Unchecked because of the pointers: every position is written by one thread, and read after all are done.
struct Slabs: @unchecked Sendable {
  let keys: UnsafeMutableRawPointer
  let values: UnsafeMutableRawPointer
  let capacity: Int
  let headWidth: Int
  let isNarrow: Bool

  /// One head's keys and values.
  subscript(head: Int) -> (keys: UnsafeMutableRawPointer, values: UnsafeMutableRawPointer) {
    let offset = head * capacity * headWidth * (isNarrow ? 2 : 4)
    return (keys + offset, values + offset)
  }

  /// One head's keys and values of a cache that is not narrow.
  func floats(_ head: Int) -> (keys: UnsafePointer<Float>, values: UnsafePointer<Float>) {
    precondition(!isNarrow, "Float32")
    let (keys, values) = self[head]
    return (
      UnsafePointer(keys.assumingMemoryBound(to: Float.self)), UnsafePointer(values.assumingMemoryBound(to: Float.self))
    )
  }

  /// Row `row` of keys and values [rows, heads · headWidth] → position `position` of every head.
  func store(
    _ row: Int, at position: Int, keys: UnsafePointer<Float>, values: UnsafePointer<Float>, heads: Int
  ) {
    for head in 0..<heads {
      let (ownKeys, ownValues) = self[head]
      let offset = (row * heads + head) * headWidth
      store(keys + offset, at: position, in: ownKeys)
      store(values + offset, at: position, in: ownValues)
    }
  }

  private func store(_ source: UnsafePointer<Float>, at position: Int, in slab: UnsafeMutableRawPointer) {
    if isNarrow {
      let place = slab.assumingMemoryBound(to: UInt16.self) + position * headWidth
      PackingMath.narrow(source, headWidth, headWidth, place)
    } else {
      (slab.assumingMemoryBound(to: Float.self) + position * headWidth).update(from: source, count: headWidth)
    }
  }

  /// One head's first `positions` keys and values as Float32.
  func withFloats(
    _ head: Int, positions: Int, _ body: (_ keys: UnsafePointer<Float>, _ values: UnsafePointer<Float>) -> Void
  ) {
    guard isNarrow else {
      let (keys, values) = floats(head)
      return body(keys, values)
    }
    let count = positions * headWidth
    let widened = UnsafeMutableBufferPointer<Float>.allocate(capacity: 2 * count)
    defer { widened.deallocate() }
    let (keys, values) = self[head]
    for (slab, start) in [(keys, 0), (values, count)] {
      HalfPrecision.widenBF16(
        UnsafeBufferPointer(start: slab.assumingMemoryBound(to: UInt16.self), count: count),
        into: UnsafeMutableBufferPointer(rebasing: widened[start..<start + count]))
    }
    guard let start = widened.baseAddress else { return }
    body(start, start + count)
  }
}
