import Foundation
import TestSupport
import Testing

@testable import Kernels

@Suite struct `Attention with offsets on its keys` {
  private let (heads, headWidth, tokens) = (3, 16, 21)

  private struct Rows {
    let queries: [Float]
    let keys: [Float]
    let values: [Float]

    /// The same sequence with each row as often as `copies` says.
    func repeated(_ copies: [Int], width: Int) -> Rows {
      func repeated(_ rows: [Float]) -> [Float] {
        copies.enumerated().flatMap { row, count in
          (0..<count).flatMap { _ in rows[row * width..<(row + 1) * width] }
        }
      }
      return Rows(queries: repeated(queries), keys: repeated(keys), values: repeated(values))
    }
  }

  private func rows() -> Rows {
    var numbers = TestNumbers(seed: 5)
    let size = tokens * heads * headWidth
    return Rows(
      queries: numbers.floats(size, in: -3...3), keys: numbers.floats(size, in: -3...3), values: numbers.floats(size))
  }

  private func run(
    _ rows: Rows, tokens: Int, offsets: [Float]?, taps: Set<AttentionTap>, engine: ProductEngine?
  ) -> (context: [Float], taps: [AttentionTap: TapValue]) {
    let attention = EncoderAttention(heads: heads, headWidth: headWidth, prefix: 1, engine: engine)
    var context = [Float](repeating: .nan, count: rows.queries.count)
    let found = attention.apply(
      queries: rows.queries, keys: rows.keys, values: rows.values, tokens: tokens, offsets: offsets, into: &context,
      taps: taps, workers: Workers(count: 2))
    return (context, found)
  }

  /// A key with the offset log n weighs as much as n of them.
  @Test(arguments: [nil, BackEnd.native, .onednn])
  func `count a key as often as its offset says`(backEnd: BackEnd?) throws {
    let engine = backEnd.map { ProductEngine($0) }
    let (rows, width) = (rows(), heads * headWidth)
    let copies = (0..<tokens).map { $0 == 0 ? 1 : 1 + $0 % 4 }
    let offsets = copies.map { Float(log(Double($0))) }
    let own = run(rows, tokens: tokens, offsets: offsets, taps: [.classRow(.softmax)], engine: engine)
    let total = copies.reduce(0, +)
    let all = run(
      rows.repeated(copies, width: width), tokens: total, offsets: nil, taps: [.classRow(.softmax)], engine: engine)
    let tolerance: Float = engine?.isNative(.bf16) == true ? 2e-2 : 1e-5
    var place = 0
    for (row, count) in copies.enumerated() {
      expectClose(
        actual: Array(own.context[row * width..<(row + 1) * width]),
        expected: Array(all.context[place * width..<(place + 1) * width]), tolerance: tolerance, label: "row \(row)")
      place += count
    }
    let (one, many) = (try #require(own.taps.values.first?.rows), try #require(all.taps.values.first?.rows))
    for head in 0..<heads {
      var first = 0
      for (key, count) in copies.enumerated() {
        let sum = (first..<first + count).reduce(Float(0)) { $0 + many[head, $1] }
        #expect(abs(one[head, key] - sum) < tolerance)
        first += count
      }
    }
  }

  @Test(arguments: [nil, BackEnd.native])
  func `of zero change no bit, and taps alone see them too`(backEnd: BackEnd?) throws {
    let (rows, engine) = (rows(), backEnd.map { ProductEngine($0) })
    let zeros = [Float](repeating: 0, count: tokens)
    let plain = run(rows, tokens: tokens, offsets: nil, taps: [], engine: engine).context
    #expect(run(rows, tokens: tokens, offsets: zeros, taps: [], engine: engine).context == plain)
    let offsets = (0..<tokens).map { Float($0) / 7 }
    let taps: Set<AttentionTap> = [.classRow(.softmax), .classRow(.logits), .received(.all)]
    let alone = EncoderAttention(heads: heads, headWidth: headWidth, prefix: 1, engine: engine).taps(
      queries: rows.queries, keys: rows.keys, tokens: tokens, offsets: offsets, taps: taps, workers: Workers(count: 1))
    #expect(alone == run(rows, tokens: tokens, offsets: offsets, taps: taps, engine: engine).taps)
  }

  @Test func `means over heads are in double and in order`() {
    var numbers = TestNumbers(seed: 9)
    let rows = numbers.floats(tokens * heads * headWidth, in: -3...3)
    let means = HeadMeans.of(rows.span, tokens: tokens, heads: heads, headWidth: headWidth, workers: Workers(count: 2))
    #expect(means.rows == tokens && means.columns == headWidth)
    for token in 0..<tokens {
      for channel in 0..<headWidth {
        let sum = (0..<heads).reduce(0.0) { $0 + Double(rows[(token * heads + $1) * headWidth + channel]) }
        #expect(means[token, channel] == sum / Double(heads))
      }
    }
  }
}
