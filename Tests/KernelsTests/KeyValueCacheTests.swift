import TestSupport
import Testing

@testable import Kernels

@Suite struct `A key–value cache` {
  static let layers = 2
  static let heads = 3
  static let headWidth = 2

  private func makeCache(_ capacity: Int) -> KeyValueCache {
    KeyValueCache(layers: Self.layers, heads: Self.heads, headWidth: Self.headWidth, capacity: capacity)
  }

  /// A number that no other place of any layer has.
  private func mark(_ layer: Int, _ part: Int, _ head: Int, _ position: Int, _ channel: Int) -> Float {
    Float((((layer * 2 + part) * Self.heads + head) * 100 + position) * Self.headWidth + channel)
  }

  private func places(_ positions: Range<Int>) -> [(layer: Int, part: Int, head: Int, position: Int, channel: Int)] {
    (0..<Self.layers).flatMap { layer in
      (0..<2).flatMap { part in
        (0..<Self.heads).flatMap { head in
          positions.flatMap { position in (0..<Self.headWidth).map { (layer, part, head, position, $0) } }
        }
      }
    }
  }

  private func advance(_ cache: inout KeyValueCache, by positions: Int) {
    for layer in 0..<Self.layers { cache.advance(layer: layer, by: positions) }
  }

  private func fill(_ cache: inout KeyValueCache, positions: Range<Int>) {
    let capacity = cache.capacity
    for place in places(positions) {
      cache.withLayer(place.layer) { keys, values in
        let offset = (place.head * capacity + place.position) * Self.headWidth + place.channel
        (place.part == 0 ? keys : values).writable(offset..<offset + 1)[0] =
          mark(place.layer, place.part, place.head, place.position, place.channel)
      }
    }
  }

  private func wrongPlaces(
    _ cache: inout KeyValueCache, positions: Range<Int>, layers: Range<Int> = 0..<layers
  ) -> Int {
    let capacity = cache.capacity
    return places(positions).count { place in
      guard layers.contains(place.layer) else { return false }
      var found: Float?
      cache.withLayer(place.layer) { keys, values in
        let offset = (place.head * capacity + place.position) * Self.headWidth + place.channel
        found = (place.part == 0 ? keys : values).all[offset]
      }
      return found != mark(place.layer, place.part, place.head, place.position, place.channel)
    }
  }

  @Test(arguments: [0, 1, 4], [1, 3, 7, 50])
  func `keeps what it holds when it grows`(capacity: Int, more: Int) {
    var cache = makeCache(capacity)
    #expect(cache.capacity == max(capacity, 1) && cache.counts == [0, 0])
    let filled = cache.capacity
    fill(&cache, positions: 0..<filled)
    advance(&cache, by: filled)
    cache.reserve(more)
    #expect(cache.capacity >= filled + more && cache.counts == [filled, filled])
    #expect(wrongPlaces(&cache, positions: 0..<filled) == 0)
    fill(&cache, positions: filled..<filled + more)
    advance(&cache, by: more)
    #expect(cache.counts == [filled + more, filled + more])
    #expect(wrongPlaces(&cache, positions: 0..<filled + more) == 0)
  }

  @Test func `does not grow while there is room, and then by doubling`() {
    var cache = makeCache(8)
    cache.reserve(8)
    #expect(cache.capacity == 8)
    advance(&cache, by: 8)
    cache.reserve(0)
    #expect(cache.capacity == 8)
    cache.reserve(1)
    #expect(cache.capacity == 16)
  }

  @Test(arguments: 0...5)
  func `truncates to a beginning and leaves that as it was`(positions: Int) {
    var cache = makeCache(5)
    fill(&cache, positions: 0..<5)
    advance(&cache, by: 5)
    cache.truncate(to: positions)
    #expect(cache.counts == [positions, positions] && cache.capacity == 5)
    cache.reserve(20)
    #expect(wrongPlaces(&cache, positions: 0..<positions) == 0)
  }

  /// A method that drops tokens inside the decoder leaves later layers shorter.
  @Test(arguments: [(5, 2), (0, 5), (3, 3), (1, 0)])
  func `has a count for each layer, and keeps each when it grows`(first: Int, second: Int) {
    var cache = makeCache(5)
    fill(&cache, positions: 0..<5)
    cache.advance(layer: 0, by: first)
    cache.advance(layer: 1, by: second)
    #expect(cache.count(layer: 0) == first && cache.count(layer: 1) == second)
    cache.reserve(6)
    #expect(cache.capacity >= max(first, second) + 6 && cache.counts == [first, second])
    #expect(wrongPlaces(&cache, positions: 0..<min(first, second)) == 0)
    cache.truncate(layer: 0, to: 0)
    #expect(cache.counts == [0, second])
    cache.advance(layer: 0, by: 1)
    cache.truncate(to: 0)
    #expect(cache.counts == [0, 0])
  }
}
