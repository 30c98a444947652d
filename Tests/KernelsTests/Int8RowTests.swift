import TestSupport
import Testing

@testable import Kernels

/// What has no scale: rows of zeros, of numbers too small for one, and of what is no number.
@Suite struct `int8 rows at the edges of float` {
  /// Rows of `inputs` numbers, and whether their products are zero or not a number.
  private func rows(_ inputs: Int) -> [(values: [Float], isZero: Bool)] {
    func row(_ values: [Float]) -> [Float] { (0..<inputs).map { values[$0 % values.count] } }
    return [
      (row([0]), true), (row([1e-38, -2e-38]), true), (row([.leastNonzeroMagnitude]), true),
      (row([1, .nan]), false), (row([.infinity, 1]), false), (row([-.infinity]), false),
      (row([.nan]), false),
    ]
  }

  /// 33 channels are not rotated, 64 are.
  @Test(arguments: [33, 64])
  func `of weights have integers of zero, and the scale 0 or none`(inputs: Int) {
    let rows = rows(inputs)
    let weights = `Products with packed weights`.packed(
      rows.flatMap(\.values) + [Float](repeating: 2, count: inputs), inputs, rows.count + 1, .int8, workers: 1)
    let scales = weights.scales(ofPanels: 0..<1)
    let sums = weights.sums(ofPanels: 0..<1)
    let panel = weights.bytes(ofPanels: 0..<1).elements(Int8.self)
    for (index, row) in rows.enumerated() {
      #expect(row.isZero ? scales[index] == 0 : scales[index].isNaN, "row \(index)")
      #expect(sums[index] == 0, "row \(index)")
      let integers = (0..<weights.paddedInputs).map { panel[($0 / 4 * 64 + index) * 4 + $0 % 4] }
      #expect(integers.allSatisfy { $0 == 0 }, "row \(index)")
    }
    #expect(scales[rows.count] > 0)
    for backEnd in BackEnd.allCases {
      let output = Linear(weights, engine: ProductEngine(backEnd))(
        Matrix(rows: 1, columns: inputs, values: [Float](repeating: 1, count: inputs)), workers: Workers(count: 1))
      for (index, row) in rows.enumerated() {
        #expect(row.isZero ? output[0, index] == 0 : output[0, index].isNaN, "row \(index), \(backEnd)")
      }
      #expect(abs(output[0, rows.count] - Float(2 * inputs)) <= 1)
    }
  }

  @Test(arguments: [33, 64])
  func `of activations give zeros, or no numbers`(inputs: Int) {
    let rows = rows(inputs)
    let weights = `Products with packed weights`.packed(
      TestNumbers.sample(70 * inputs, in: -1...1), inputs, 70, .int8, workers: 1)
    for backEnd in [BackEnd.native, .onednn] {
      let engine = ProductEngine(backEnd)
      // Widened weights meet Float32 rows, which need no scale.
      guard engine.isNative(.int8) else { continue }
      let output = Linear(weights, engine: engine)(
        Matrix(rows: rows.count, columns: inputs, values: rows.flatMap(\.values)), workers: Workers(count: 1))
      for (index, row) in rows.enumerated() {
        #expect(output.row(index).allSatisfy { row.isZero ? $0 == 0 : $0.isNaN }, "row \(index), \(backEnd)")
      }
    }
  }

  /// 255 · 127 a channel: the widest row whose sum fits 32 bits, with every channel at its largest.
  @Test func `are summed without overflow at the widest that is taken`() {
    let inputs = PackedWeights.mostInputs(.int8)
    #expect(inputs == 66_311)
    let ones = [Float](repeating: 1, count: inputs)
    for backEnd in BackEnd.allCases {
      let engine = ProductEngine(backEnd)
      let output = [Float(1), -1].map { sign in
        Linear(
          `Products with packed weights`.packed(ones.map { $0 * sign }, inputs, 1, .int8, workers: 1), engine: engine)(
            Matrix(rows: 1, columns: inputs, values: ones), workers: Workers(count: 1))[0, 0]
      }
      #expect(abs(output[0] - Float(inputs)) <= 1 && abs(output[1] + Float(inputs)) <= 1, "\(backEnd)")
    }
  }
}
