import Foundation
import TestSupport
import Testing

@testable import Kernels

@Suite struct `Activations agree with a double reference` {
  /// Over [-20, 20] in steps of 1/512, and at awkward lengths by the way.
  static let inputs: [Float] = (-10_240...10_240).map { Float($0) / 512 }

  static func reference(_ activation: Activation, _ x: Double) -> Double {
    switch activation {
    case .gelu: 0.5 * x * erfc(-x / 2.0.squareRoot())
    case .quickGelu: x / (1 + exp(-1.702 * x))
    case .geluNew, .geluTanh: 0.5 * x * (1 + tanh((2 / Double.pi).squareRoot() * (x + 0.044715 * x * x * x)))
    case .silu: x / (1 + exp(-x))
    case .relu: max(x, 0)
    }
  }

  /// The error that each formula is allowed: its share of |x| (float32 rounding and the polynomial's error, 1.5e-7 for
  /// erf), and a floor for where the result itself vanishes.
  static func allowed(_ activation: Activation, _ x: Double) -> Double {
    activation == .relu ? 0 : 5e-7 * abs(x) + 1e-9
  }

  /// The activations of `values` in the portable loops, and in those that go with our own products where the CPU has
  /// them.
  private func activated(_ activation: Activation, _ values: [Float]) -> [[Float]] {
    let loops = [activation.loop] + (FusedProducts.formats.isEmpty ? [] : [FusedProducts.loop(activation)])
    return loops.map { loop in
      var values = values
      values.withUnsafeMutableBufferPointer { loop($0.baseAddress, $0.count, 1, $0.count, nil, 0) }
      return values
    }
  }

  @Test(arguments: Activation.allCases)
  func `within 5e-7 of the argument's size`(_ activation: Activation) {
    for values in activated(activation, Self.inputs) { check(values, activation) }
  }

  private func check(_ values: [Float], _ activation: Activation) {
    var worst = (ratio: 0.0, x: Float(0))
    for (x, y) in zip(Self.inputs, values) {
      let error = abs(Double(y) - Self.reference(activation, Double(x)))
      let ratio = error.isNaN ? .infinity : error / max(Self.allowed(activation, Double(x)), .leastNonzeroMagnitude)
      if ratio > worst.ratio { worst = (ratio, x) }
    }
    #expect(worst.ratio <= 1, "\(activation) is off by \(worst.ratio) times what is allowed at \(worst.x)")
  }

  @Test(arguments: Activation.allCases, [0, 1, 7, 31])
  func `any number of values gives what each alone gives`(_ activation: Activation, count: Int) {
    let inputs = TestNumbers.sample(count, in: -20...20)
    for (number, together) in activated(activation, inputs).enumerated() {
      for (x, y) in zip(inputs, together) { #expect(abs(activated(activation, [x])[number][0] - y) <= 2e-6) }
    }
  }

  @Test(arguments: Activation.allCases)
  func `far out they are x or nothing`(_ activation: Activation) {
    for values in activated(activation, [1e4, -1e4, 300, -300, .nan]) {
      #expect(values[0] == 1e4 && abs(values[1]) < 1e-30 && values[2] == 300 && abs(values[3]) < 1e-30)
      #expect(values[4].isNaN || activation == .relu)
    }
  }

  @Test(arguments: [0, 1, 5, 16_384, 40_001], [1, 2])
  func `a gate is the activated half times the other`(count: Int, workers: Int) {
    let gate = TestNumbers.sample(count, in: -8...8)
    let up = TestNumbers.sample(count, in: -2...2)
    var result = gate
    var span = result.mutableSpan
    ElementWise.gate(&span, by: up.span, count: count, activation: .silu, workers: Workers(count: workers))
    let expected = zip(gate, up).map { Float(Self.reference(.silu, Double($0)) * Double($1)) }
    expectClose(actual: result, expected: expected, tolerance: 1e-5, label: "gate")
  }
}

@Suite struct `Softmax agrees with a double reference` {
  private func softmax(_ row: [Float]) -> [Float] {
    var row = row
    row.withUnsafeMutableBufferPointer { buffer in
      VectorMath.softmax(buffer)
    }
    return row
  }

  @Test(arguments: [1, 2, 3, 15, 17, 64, 577], [Float(0), 1e4, -1e4, 3e38])
  func `for any length and offset`(count: Int, offset: Float) {
    let row = TestNumbers.sample(count, in: -10...10).map { $0 + offset }
    let largest = Double(row.max() ?? 0)
    let weights = row.map { exp(Double($0) - largest) }
    let total = weights.reduce(0, +)
    expectClose(
      actual: softmax(row), expected: weights.map { Float($0 / total) }, tolerance: Tolerances.softmax, label: "softmax"
    )
  }

  @Test func `one element is certain, whatever it is`() {
    for value: Float in [0, -3e38, 3e38, .leastNonzeroMagnitude] { #expect(softmax([value]) == [1]) }
  }

  @Test func `rows sum to one`() {
    let sum = softmax(TestNumbers.sample(10_001, in: -30...30)).reduce(0.0) { $0 + Double($1) }
    #expect(abs(sum - 1) < 1e-5)
  }

  @Test func `a score far below the largest gets nothing that matters`() {
    let probabilities = softmax([0, -200, -1e30])
    #expect(probabilities[0] == 1 && probabilities[1] < 1e-37 && probabilities[2] < 1e-37)
  }
}

extension TestNumbers {
  static func sample(_ count: Int, in range: ClosedRange<Float>) -> [Float] {
    var numbers = TestNumbers(seed: UInt64(count))
    return numbers.floats(count, in: range)
  }
}
