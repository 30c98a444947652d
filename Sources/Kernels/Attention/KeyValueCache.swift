/// Keys and values of every decoder block, [layer][key or value][head][position][headWidth], in one buffer that is allocated
/// once per conversation and grows by doubling.
public struct KeyValueCache: ~Copyable {
  public let layers: Int
  public let heads: Int
  public let headWidth: Int
  /// Positions that are filled.
  public private(set) var count = 0
  /// Positions that fit without growing.
  public private(set) var capacity: Int
  private var buffer: AlignedBuffer

  public init(layers: Int, heads: Int, headWidth: Int, capacity: Int) {
    self.layers = layers
    self.heads = heads
    self.headWidth = headWidth
    self.capacity = max(capacity, 1)
    buffer = AlignedBuffer(
      count: Self.size(layers: layers, heads: heads, headWidth: headWidth, capacity: self.capacity))
  }

  /// Makes room for `positions` more behind the filled ones.
  public mutating func reserve(_ positions: Int) {
    guard count + positions > capacity else { return }
    let larger = max(count + positions, capacity * 2)
    var replacement = AlignedBuffer(
      count: Self.size(layers: layers, heads: heads, headWidth: headWidth, capacity: larger))
    let filled = count * headWidth
    for slab in 0..<layers * 2 * heads {
      let from = slab * capacity * headWidth
      let to = slab * larger * headWidth
      buffer.withSpan(from..<from + filled) { source in
        replacement.withMutableSpan(to..<to + filled) { destination in
          for index in 0..<filled { destination[index] = source[index] }
        }
      }
    }
    buffer = replacement
    capacity = larger
  }

  /// Declares `positions` more as filled in every layer.
  public mutating func advance(by positions: Int) {
    precondition(count + positions <= capacity, "a cache is reserved before it is filled")
    count += positions
  }

  /// Forgets everything behind `positions`.
  public mutating func truncate(to positions: Int) {
    precondition((0...count).contains(positions), "a cache shrinks to a prefix")
    count = positions
  }

  /// One layer's keys and values, [heads][capacity][headWidth] each.
  mutating func withLayer(
    _ layer: Int, _ body: (_ keys: UnsafeMutablePointer<Float>, _ values: UnsafeMutablePointer<Float>) -> Void
  ) {
    precondition((0..<layers).contains(layer), "a cache has one slab a layer")
    let half = heads * capacity * headWidth
    let start = layer * 2 * half
    buffer.withMutableSpan(start..<start + 2 * half) { span in
      span.withUnsafeMutableBufferPointer { memory in
        if let start = memory.baseAddress { body(start, start + half) }
      }
    }
  }

  private static func size(layers: Int, heads: Int, headWidth: Int, capacity: Int) -> Int {
    layers * 2 * heads * capacity * headWidth
  }
}
