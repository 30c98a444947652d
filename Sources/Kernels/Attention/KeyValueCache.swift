/// Keys and values of every decoder block, [layer][key or value][head][position][headWidth], in one buffer that is
/// allocated once per conversation and grows by doubling. Each layer has a count of its own: a method that drops tokens
/// inside the decoder leaves later layers shorter.
public struct KeyValueCache: ~Copyable, Sendable {
  public let layers: Int
  public let heads: Int
  public let headWidth: Int
  /// Positions that are filled, by layer.
  public private(set) var counts: [Int]
  /// Positions that fit without growing.
  public private(set) var capacity: Int
  private var buffer: AlignedBuffer

  public init(layers: Int, heads: Int, headWidth: Int, capacity: Int) {
    self.layers = layers
    self.heads = heads
    self.headWidth = headWidth
    self.capacity = max(capacity, 1)
    counts = [Int](repeating: 0, count: layers)
    buffer = AlignedBuffer(
      count: Self.size(layers: layers, heads: heads, headWidth: headWidth, capacity: self.capacity))
  }

  /// Filled positions of one layer.
  public func count(layer: Int) -> Int { counts[layer] }

  /// Makes room for `positions` more after the filled ones of every layer.
  public mutating func reserve(_ positions: Int) {
    let longest = counts.max() ?? 0
    guard longest + positions > capacity else { return }
    let larger = max(longest + positions, capacity * 2)
    var replacement = AlignedBuffer(
      count: Self.size(layers: layers, heads: heads, headWidth: headWidth, capacity: larger))
    for slab in 0..<layers * 2 * heads {
      let from = slab * capacity * headWidth
      let to = slab * larger * headWidth
      let filled = counts[slab / (2 * heads)] * headWidth
      buffer.withSpan(from..<from + filled) { source in
        replacement.withMutableSpan(to..<to + filled) { destination in
          for index in 0..<filled { destination[index] = source[index] }
        }
      }
    }
    buffer = replacement
    capacity = larger
  }

  /// Marks `positions` more positions of a layer as filled.
  public mutating func advance(layer: Int, by positions: Int) {
    precondition(counts[layer] + positions <= capacity, "a cache is reserved before it is filled")
    counts[layer] += positions
  }

  /// Drops everything after the first `positions` of a layer.
  public mutating func truncate(layer: Int, to positions: Int) {
    precondition((0...counts[layer]).contains(positions), "a cache shrinks to a prefix")
    counts[layer] = positions
  }

  /// Drops everything after the first `positions` of every layer.
  public mutating func truncate(to positions: Int) {
    for layer in 0..<layers { truncate(layer: layer, to: positions) }
  }

  /// One layer's keys and values, [heads][capacity][headWidth] each.
  mutating func withLayer(
    _ layer: Int, _ body: (_ keys: SharedSpan<Float>, _ values: SharedSpan<Float>) -> Void
  ) {
    precondition((0..<layers).contains(layer), "a cache has one slab a layer")
    let half = heads * capacity * headWidth
    let start = layer * 2 * half
    buffer.withMutableSpan(start..<start + 2 * half) { span in
      span.withUnsafeMutableBufferPointer { memory in
        let both = SharedSpan(writing: memory)
        body(both.part(0..<half), both.part(half..<2 * half))
      }
    }
  }

  private static func size(layers: Int, heads: Int, headWidth: Int, capacity: Int) -> Int {
    layers * 2 * heads * capacity * headWidth
  }
}
