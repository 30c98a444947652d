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
          source.withUnsafeBufferPointer { source in
            destination.withUnsafeMutableBufferPointer { _ = $0.update(fromContentsOf: source) }
          }
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

  /// A copy of the keys and values of some positions, [layer][key or value][head][positions][headWidth]; every layer
  /// holds them.
  public func values(_ positions: Range<Int>) -> [Float] {
    precondition(counts.allSatisfy { positions.upperBound <= $0 }, "every layer holds the positions")
    let each = positions.count * headWidth
    return [Float](unsafeUninitializedCapacity: layers * 2 * heads * each) { memory, filled in
      for slab in 0..<layers * 2 * heads {
        let from = (slab * capacity + positions.lowerBound) * headWidth
        buffer.withSpan(from..<from + each) { source in
          source.withUnsafeBufferPointer {
            _ = UnsafeMutableBufferPointer(rebasing: memory[slab * each..<(slab + 1) * each])
              .initialize(fromContentsOf: $0)
          }
        }
      }
      filled = memory.count
    }
  }

  /// Puts positions that `values` copied after the filled ones of every layer.
  /// - Parameters:
  ///   - total: positions that `values` holds.
  ///   - count: how many of them, from the first.
  public mutating func append(_ values: [Float], of total: Int, first count: Int) {
    precondition(values.count == layers * 2 * heads * total * headWidth && count <= total, "copies of this shape")
    reserve(count)
    let each = count * headWidth
    values.withUnsafeBufferPointer { values in
      for slab in 0..<layers * 2 * heads {
        let source = UnsafeBufferPointer(rebasing: values[slab * total * headWidth..<slab * total * headWidth + each])
        let to = (slab * capacity + counts[slab / (2 * heads)]) * headWidth
        buffer.withMutableSpan(to..<to + each) { destination in
          destination.withUnsafeMutableBufferPointer { _ = $0.update(fromContentsOf: source) }
        }
      }
    }
    for layer in 0..<layers { advance(layer: layer, by: count) }
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

  /// One layer's keys and values as `withLayer` gives them, valid until the cache grows or ends: for several caches at
  /// once, which cannot be borrowed one inside the other.
  mutating func memory(ofLayer layer: Int) -> (keys: SharedSpan<Float>, values: SharedSpan<Float>) {
    var found: (SharedSpan<Float>, SharedSpan<Float>)?
    withLayer(layer) { found = ($0, $1) }
    guard let found else { preconditionFailure("a layer has memory") }
    return found
  }

  private static func size(layers: Int, heads: Int, headWidth: Int, capacity: Int) -> Int {
    layers * 2 * heads * capacity * headWidth
  }
}
