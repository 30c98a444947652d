import Foundation
import TestSupport
import Testing

@testable import Kernels

@Suite struct `Attention in bfloat16` {
  static let engines = [ProductEngine(.native), ProductEngine(.onednn)]

  /// Against the sum in double: exact to bfloat16's half step of 2⁻⁹, and to Float32's where the row is kept.
  @Test(arguments: [1, 15, 16, 17, 64, 577], [true, false])
  func `has a softmax that is right in both forms`(count: Int, keeping: Bool) {
    for spare in [0, 32, 64] { checkSoftmax(count, keeping, padded: (count + 31) / 32 * 32 + spare) }
  }

  private func checkSoftmax(_ count: Int, _ keeping: Bool, padded: Int) {
    var scores = TestNumbers.sample(count, in: -20...20)
    // Far below: zero, and nothing else of the row suffers.
    if count > 2 { (scores[1], scores[2]) = (-.infinity, -3e38) }
    let largest = Double(scores.max() ?? 0)
    let powers = scores.map { exp(Double($0) - largest) }
    let wanted = powers.map { $0 / powers.reduce(0, +) }
    typealias Softmax = (UnsafeMutableBufferPointer<Float>, Bool, UnsafeMutableBufferPointer<UInt16>) -> Float
    var softmaxes: [Softmax] = [
      { row, keeping, narrowed in
        VectorMath.softmax(row, keeping: keeping, narrowedInto: narrowed)
        return 1
      }
    ]
    if FusedProducts.formats.contains(.bf16) {
      softmaxes.append(FusedProducts.softmax(_:keeping:narrowedInto:))
    }
    for softmax in softmaxes {
      for isBad in [false, true] {
        var row = scores
        if isBad { row[count / 2] = .nan }
        var narrowed = [UInt16](repeating: 0x7fff, count: padded)
        var share: Float = 0
        row.withUnsafeMutableBufferPointer { row in
          narrowed.withUnsafeMutableBufferPointer { share = softmax(row, keeping, $0) }
        }
        let values = narrowed.map { Float(bitPattern: UInt32($0) << 16) * share }
        let tail = narrowed.dropFirst(count)
        #expect(!tail.contains { $0 != 0 })
        guard !isBad else {
          #expect(!values.prefix(count).contains { !$0.isNaN })
          continue
        }
        for (index, value) in wanted.enumerated() {
          #expect(abs(Double(values[index]) - value) <= value / 256 + 3e-38)
          if keeping { #expect(abs(Double(row[index]) - value) <= value * 4e-6 + 3e-38) }
        }
      }
    }
  }

  /// The portable loops and the CPU's own instructions.
  @Test(arguments: [(1, 3), (16, 32), (17, 33), (64, 64), (63, 80)])
  func `packs its operands the same in both forms`(columns: Int, inputs: Int) {
    guard FusedProducts.formats.contains(.bf16) else { return }
    let stride = 100
    let values = TestNumbers.sample(stride * stride, in: -2...2)
    let padded = (inputs + 31) / 32 * 32
    typealias Pack = (PackingMath.Source, UnsafeMutableBufferPointer<UInt16>) -> Void
    func packed(rows: Int, columns: Int, count: Int, _ pack: Pack) -> [UInt16] {
      var panel = [UInt16](repeating: 0x7fff, count: count)
      values.withUnsafeBufferPointer { values in
        panel.withUnsafeMutableBufferPointer { panel in
          pack(PackingMath.Source(values, stride: stride, rows: rows, columns: columns), panel)
        }
      }
      return panel
    }
    let size = padded * PackedWeights.panelWidth
    #expect(
      packed(rows: columns, columns: inputs, count: size) { FusedProducts.packBF16($0, padded: padded, $1) }
        == packed(rows: columns, columns: inputs, count: size) { PackingMath.packBF16($0, padded: padded, $1) })
    #expect(
      packed(rows: inputs, columns: columns, count: size) { FusedProducts.packBF16(transposed: $0, padded: padded, $1) }
        == packed(rows: inputs, columns: columns, count: size) {
          PackingMath.packBF16(transposed: $0, padded: padded, $1)
        })
    let narrowed = packed(rows: 2, columns: inputs, count: 2 * padded) {
      FusedProducts.narrow($0, scale: 0.125, padded: padded, into: $1)
    }
    let wanted = packed(rows: 2, columns: inputs, count: 2 * padded) { source, place in
      for row in 0..<2 {
        let from = row * stride
        PackingMath.narrow(
          UnsafeBufferPointer(rebasing: source.values[from..<from + inputs]), scale: 0.125,
          into: UnsafeMutableBufferPointer(rebasing: place[row * padded..<(row + 1) * padded]))
      }
    }
    #expect(narrowed == wanted)
  }

  @Test(arguments: [1, 24, 25, 31, 64, 65, 130], [32, 64, 80])
  func `of an encoder is Float32's within the rounding of its operands`(tokens: Int, headWidth: Int) {
    let heads = 2
    let size = tokens * heads * headWidth
    let (q, k, v) = (
      TestNumbers.sample(size, in: -1...1), TestNumbers.sample(size, in: -1...1), TestNumbers.sample(size, in: -1...1)
    )
    let taps: Set<AttentionTap> = [.classRow(.softmax), .received(.all), .map(.softmax)]
    func run(_ engine: ProductEngine?, workers: Int) -> ([Float], [AttentionTap: TapValue]) {
      var context = [Float](repeating: 0, count: size)
      let attention = EncoderAttention(heads: heads, headWidth: headWidth, prefix: 1, engine: engine)
      let found = attention.apply(
        queries: q, keys: k, values: v, tokens: tokens, into: &context, taps: taps, workers: Workers(count: workers))
      return (context, found)
    }
    let exact = run(nil, workers: 1)
    for engine in Self.engines {
      let narrow = run(engine, workers: 1)
      // Operands are rounded to 2⁻⁹; logits are sums of up to 80 of their products. A weight is about one over the
      // tokens, and here up to twenty-five times that.
      expectClose(actual: narrow.0, expected: exact.0, tolerance: 0.02, label: "context")
      for tap in [AttentionTap.classRow(.softmax), .map(.softmax)] {
        expectClose(
          actual: narrow.1[tap]?.rows?.values ?? [], expected: exact.1[tap]?.rows?.values ?? [1],
          tolerance: 0.2 / Float(tokens),
          label: "taps")
      }
      expectClose(
        actual: narrow.1[.received(.all)]?.sums?.map { Float($0) } ?? [],
        expected: exact.1[.received(.all)]?.sums?.map { Float($0) } ?? [1], tolerance: 0.02, label: "column sums")
      #expect(run(engine, workers: 2).0 == narrow.0)
    }
  }

  /// Around the edges of tiles, of 24 and 64 rows, and of items; `asking`: the last of the rows.
  @Test(arguments: [
    (16, 0, 16), (24, 0, 24), (25, 0, 25), (72, 0, 72), (73, 5, 73), (70, 0, 70), (20, 45, 20), (130, 3, 130),
    (144, 0, 144),
    (1, 40, 1), (3, 40, 3), (60, 0, 30), (40, 20, 16), (40, 20, 1), (40, 0, 3),
  ])
  func `of a decoder is Float32's within the rounding of its operands`(rows: Int, past: Int, asking: Int) {
    let (heads, shared, headWidth) = (8, 2, 80)
    func run(_ engine: ProductEngine?, workers: Int) -> [Float] {
      let attention = CausalAttention(heads: heads, keyValueHeads: shared, headWidth: headWidth, engine: engine)
      var cache = KeyValueCache(layers: 1, heads: shared, headWidth: headWidth, capacity: 8)
      var context: [Float] = []
      for (number, count) in [past, rows].enumerated() where count > 0 {
        var numbers = TestNumbers(seed: UInt64(number))
        let asking = number == 0 ? count : asking
        context = [Float](repeating: 0, count: asking * heads * headWidth)
        cache.reserve(count)
        let queries = numbers.floats(count * heads * headWidth)
        attention.apply(
          queries: Array(queries.suffix(context.count)), asking: asking,
          keys: numbers.floats(count * shared * headWidth),
          values: numbers.floats(count * shared * headWidth), rows: count, layer: 0, cache: &cache, into: &context,
          workers: Workers(count: workers))
        cache.advance(layer: 0, by: count)
      }
      return context
    }
    let exact = run(nil, workers: 1)
    for engine in Self.engines {
      let narrow = run(engine, workers: 1)
      expectClose(actual: narrow, expected: exact, tolerance: 0.03, label: "context")
      #expect(run(engine, workers: 2) == narrow)
    }
  }
}
