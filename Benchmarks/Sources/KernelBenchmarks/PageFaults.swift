import Foundation
import Kernels

/// One decoder layer's products and attention: what a token costs besides time. Each page fault is a page that the
/// system hands out again; the allocator keeps its default settings, as for a user of the library.
struct Layer {
  static let (width, inner, heads, headWidth, rows) = (2048, 5632, 32, 64, 640)

  let workers = Workers(count: ProcessInfo.processInfo.activeProcessorCount)
  let projection: Linear
  let up: Linear
  let down: Linear
  let attention: CausalAttention

  init(_ format: NumberFormat, engine: ProductEngine) {
    let workers = workers
    func layer(_ inputs: Int, _ outputs: Int) -> Linear {
      Linear(
        PackedWeights(format: format, inputs: inputs, outputs: outputs, workers: workers) { range, place in
          for index in 0..<range.count * inputs { place[index] = Float(index * 37 % 251) / 251 - 0.5 }
        }, engine: engine)
    }
    projection = layer(Self.width, Self.width)
    up = layer(Self.width, Self.inner)
    down = layer(Self.inner, Self.width)
    attention = CausalAttention(
      heads: Self.heads, keyValueHeads: 4, headWidth: Self.headWidth, engine: format == .f32 ? nil : engine)
  }

  /// The caller's own arrays, which it keeps.
  struct Activations {
    var hidden = [Float](repeating: 0.5, count: Layer.rows * Layer.width)
    var queries = [Float](repeating: 0.5, count: Layer.rows * Layer.width)
    var context = [Float](repeating: 0.5, count: Layer.rows * Layer.width)
    var gate = [Float](repeating: 0.5, count: Layer.rows * Layer.inner)
  }

  /// Runs `rows` new positions over those in the cache, which stays as it is.
  func run(_ rows: Int, _ work: inout Activations, _ cache: inout KeyValueCache) {
    projection.apply(work.hidden, rows: rows, into: &work.queries, workers: workers)
    attention.apply(
      queries: work.queries, keys: work.queries, values: work.queries, rows: rows, layer: 0, cache: &cache,
      into: &work.context, workers: workers)
    projection.apply(work.context, rows: rows, into: &work.hidden, accumulate: true, workers: workers)
    up.apply(gating: up, activation: .silu, work.hidden, rows: rows, into: &work.gate, workers: workers)
    down.apply(work.gate, rows: rows, into: &work.hidden, workers: workers)
  }

  func makeCache() -> KeyValueCache {
    var cache = KeyValueCache(layers: 1, heads: 4, headWidth: Self.headWidth, capacity: Self.rows + 1)
    // Touched first, so that its own pages do not count.
    var work = Activations()
    run(Self.rows, &work, &cache)
    return cache
  }
}

func prefill(_ layer: Layer, _ work: inout Layer.Activations, _ cache: inout KeyValueCache) {
  layer.run(Layer.rows, &work, &cache)
}

func token(_ layer: Layer, _ work: inout Layer.Activations, _ cache: inout KeyValueCache) {
  cache.advance(layer: 0, by: Layer.rows)
  layer.run(1, &work, &cache)
  cache.truncate(to: 0)
}

/// Page faults of one call of `work`, on average, after a few that are not counted.
func pageFaults(
  _ layer: Layer, _ work: (Layer, inout Layer.Activations, inout KeyValueCache) -> Void
) -> Double {
  var cache = layer.makeCache()
  var activations = Layer.Activations()
  for _ in 0..<3 { work(layer, &activations, &cache) }
  let before = faults()
  let calls = 50
  for _ in 0..<calls { work(layer, &activations, &cache) }
  return Double(faults() - before) / Double(calls)
}

private func faults() -> Int {
  var usage = rusage()
  // The constant's type differs between C libraries.
  getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
  return usage.ru_minflt
}
