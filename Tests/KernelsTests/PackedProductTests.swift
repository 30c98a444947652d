import Foundation
import TestSupport
import Testing

@testable import Kernels

/// Every number format, through our own kernels, oneDNN's, and widened weights.
@Suite struct `Products with packed weights` {
  static let engines = BackEnd.allCases.map { ProductEngine($0) }
  static let shapes: [(rows: Int, inputs: Int, outputs: Int)] = [
    (0, 4, 4), (1, 1, 1), (1, 33, 65), (2, 7, 3), (63, 64, 64), (129, 131, 70), (130, 200, 129), (257, 96, 700),
  ]

  private func layer(
    _ weights: [Float], _ inputs: Int, _ outputs: Int, _ format: NumberFormat, engine: ProductEngine,
    bias: [Float]? = nil
  )
    -> Linear
  {
    Linear(
      Self.packed(weights, inputs, outputs, format, workers: 2), bias: bias.map { WeightBuffer($0) }, engine: engine)
  }

  static func packed(
    _ weights: [Float], _ inputs: Int, _ outputs: Int, _ format: NumberFormat, workers: Int
  ) -> PackedWeights {
    PackedWeights(format: format, inputs: inputs, outputs: outputs, workers: Workers(count: workers)) { range, place in
      for index in 0..<range.count * inputs { place[index] = weights[range.lowerBound * inputs + index] }
    }
  }

  /// Root of the sum of squared differences.
  private func distance(_ first: [Double], _ second: [Double]) -> Double {
    var sum = 0.0
    for (a, b) in zip(first, second) { sum += (a - b) * (a - b) }
    return sum.squareRoot()
  }

  private func expected(_ input: [Float], _ weights: [Float], rows: Int, inputs: Int, outputs: Int) -> [Double] {
    (0..<rows * outputs).map { index in
      let (row, output) = (index / outputs, index % outputs)
      return (0..<inputs).reduce(0.0) {
        $0 + Double(input[row * inputs + $1]) * Double(weights[output * inputs + $1])
      }
    }
  }

  /// What can be said without rounding comes out without rounding: small whole numbers in every format. Odd widths are
  /// not rotated.
  @Test(arguments: NumberFormat.allCases, engines.indices)
  func `are exact on whole numbers`(_ format: NumberFormat, engine: Int) {
    for (rows, inputs, outputs) in [(1, 1, 1), (3, 33, 65), (1, 131, 70), (129, 65, 257), (1, 33, 1100)] {
      var numbers = TestNumbers(seed: UInt64(inputs))
      func whole(_ count: Int, every width: Int) -> [Float] {
        // Each row holds ±127, so that its int8 scale is 1.
        (0..<count).map { $0 % width == 0 ? 127 : (numbers.floats(1)[0] * 60).rounded() }
      }
      let input = whole(rows * inputs, every: inputs)
      let weights = whole(outputs * inputs, every: inputs)
      let bias = (0..<outputs).map { Float($0 % 7) }
      var output = [Float](repeating: 0, count: rows * outputs)
      layer(weights, inputs, outputs, format, engine: Self.engines[engine], bias: bias).apply(
        input, rows: rows, into: &output, workers: Workers(count: 2))
      let wanted = expected(input, weights, rows: rows, inputs: inputs, outputs: outputs).enumerated().map {
        Float($1 + Double(bias[$0 % outputs]))
      }
      #expect(output == wanted, "\(format) \(rows)×\(inputs)×\(outputs)")
    }
  }

  /// Errors of rounding, relative to the root of the sum of squares: 2⁻⁹ an operand for bfloat16; for int8 half a step
  /// of the largest of a few dozen numbers, a hundredth. Twice that leaves room for unlucky rows.
  @Test(arguments: [(NumberFormat.f32, 1e-6), (.bf16, 0.008), (.int8, 0.03)])
  func `are as close as their format allows`(_ format: NumberFormat, tolerance: Double) {
    for engine in Self.engines {
      check(format, tolerance, engine)
    }
  }

  private func check(_ format: NumberFormat, _ tolerance: Double, _ engine: ProductEngine) {
    for (rows, inputs, outputs) in Self.shapes {
      var numbers = TestNumbers(seed: UInt64(rows * 1000 + inputs))
      let input = numbers.floats(rows * inputs)
      let weights = numbers.floats(outputs * inputs)
      let before = numbers.floats(rows * outputs)
      let bias = numbers.floats(outputs)
      var output = before
      layer(weights, inputs, outputs, format, engine: engine, bias: bias).apply(
        input, rows: rows, into: &output, accumulate: true, workers: Workers(count: 2))
      let wanted = expected(input, weights, rows: rows, inputs: inputs, outputs: outputs)
      let added = output.indices.map { Double(output[$0]) - Double(before[$0]) - Double(bias[$0 % outputs]) }
      #expect(
        distance(added, wanted) <= tolerance * distance(wanted, wanted.map { _ in 0 }) + 1e-5,
        "\(format) \(rows)×\(inputs)×\(outputs)")
    }
  }

  /// How many rows come together, and so how they are grouped, changes nothing: a pruned prompt is computed like a
  /// whole one.
  @Test(arguments: [NumberFormat.bf16, .int8])
  func `of a row are the same in any company`(_ format: NumberFormat) {
    // Where there are tiles, several rows are oneDNN's and one is ours.
    guard Self.engines[0].isFused(format, rows: 2) else { return }
    let (rows, inputs, outputs) = (13, 192, 130)
    let input = TestNumbers.sample(rows * inputs, in: -1...1)
    let native = layer(
      TestNumbers.sample(outputs * inputs, in: -1...1), inputs, outputs, format, engine: Self.engines[0])
    func product(_ rows: Range<Int>) -> [Float] {
      let part = Array(input[rows.lowerBound * inputs..<rows.upperBound * inputs])
      return native(Matrix(rows: rows.count, columns: inputs, values: part), workers: Workers(count: 2)).values
    }
    let all = product(0..<rows)
    for count in 1..<rows {
      #expect(product(0..<count) + product(count..<rows) == all, "\(count) rows and the rest")
    }
  }

  /// Four megabytes of prepared rows are one block: a wide layer with many rows takes several.
  @Test func `cut many rows into blocks that leave out none`() {
    let (rows, inputs, outputs) = (260, 33_000, 65)
    var input = [Float](repeating: 0, count: rows * inputs)
    for row in 0..<rows { input[row * inputs + row] = Float(row % 250 + 1) }
    let weights = (0..<outputs * inputs).map { Float($0 % inputs % 100) }
    var output = [Float](repeating: 0, count: rows * outputs)
    layer(weights, inputs, outputs, .bf16, engine: Self.engines[0]).apply(
      input, rows: rows, into: &output, workers: Workers(count: 2))
    let wanted = (0..<rows * outputs).map { Float(($0 / outputs % 250 + 1) * ($0 / outputs % 100)) }
    // Whole numbers below 256 are bfloat16's own.
    #expect(output == wanted)
  }

  /// Trained models have channels a hundred times larger than the rest; with one scale a row the others would round to
  /// nothing.
  @Test func `in int8 survive a channel that is far larger than the rest`() {
    let (rows, inputs, outputs) = (8, 256, 64)
    var numbers = TestNumbers(seed: 5)
    var input = numbers.floats(rows * inputs)
    var weights = numbers.floats(outputs * inputs)
    for row in 0..<rows { input[row * inputs + 17] = 300 }
    for output in 0..<outputs { weights[output * inputs + 17] = 0 }
    var output = [Float](repeating: 0, count: rows * outputs)
    layer(weights, inputs, outputs, .int8, engine: Self.engines[0]).apply(
      input, rows: rows, into: &output, workers: Workers(count: 1))
    let wanted = expected(input, weights, rows: rows, inputs: inputs, outputs: outputs)
    let error = distance(output.map(Double.init), wanted)
    let size = distance(wanted, wanted.map { _ in 0 })
    // Without the rotation every other channel is smaller than half a step, and the error is as large as the result.
    #expect(error <= 0.35 * size)
  }

  @Test(arguments: NumberFormat.allCases, engines.indices)
  func `do not depend on the number of workers, nor does the packed form`(_ format: NumberFormat, engine: Int) {
    let (inputs, outputs) = (192, 515)
    var numbers = TestNumbers(seed: 9)
    let input = numbers.floats(130 * inputs)
    let weights = numbers.floats(outputs * inputs)
    for rows in [1, 130] {
      var results: [[Float]] = []
      for workers in [1, 2, 5] {
        var output = [Float](repeating: 0, count: rows * outputs)
        layer(weights, inputs, outputs, format, engine: Self.engines[engine]).apply(
          input, rows: rows, into: &output, activation: .silu, workers: Workers(count: workers))
        results.append(output)
      }
      #expect(results[1] == results[0] && results[2] == results[0], "\(rows) rows")
    }
    let bytes = [1, 3].map { Self.packed(weights, inputs, outputs, format, workers: $0).withBytes { Array($0) } }
    #expect(bytes[0] == bytes[1])
  }

  /// Many rows, and one, which takes several panels at a time.
  @Test(arguments: NumberFormat.allCases, engines.indices)
  func `gate, and serve several layers at once, as one by one`(_ format: NumberFormat, engine: Int) {
    for (rows, inputs, outputs) in [(70, 96, 130), (1, 96, 1100)] {
      var numbers = TestNumbers(seed: 3)
      let input = numbers.floats(rows * inputs)
      let layers = (0..<3).map { _ in
        layer(
          numbers.floats(outputs * inputs), inputs, outputs, format, engine: Self.engines[engine],
          bias: numbers.floats(outputs))
      }
      let workers = Workers(count: rows == 1 ? 1 : 2)
      let matrix = Matrix(rows: rows, columns: inputs, values: input)
      let alone = layers.map { $0(matrix, workers: workers).values }
      var (first, second, third) = (alone[0], alone[0], alone[0])
      Linear.apply(
        layers[0], layers[1], layers[2], to: input, rows: rows, into: &first, &second, &third, workers: workers)
      #expect(first == alone[0] && second == alone[1] && third == alone[2])
      Linear.apply(layers[2], layers[1], to: input, rows: rows, into: &first, &second, workers: workers)
      #expect(first == alone[2] && second == alone[1])
      for activation in [Activation.silu, .quickGelu, .gelu] {
        func activated(_ x: Float) -> Double {
          `Activations agree with a double reference`.reference(activation, Double(x))
        }
        var gated = first
        layers[0].apply(
          gating: layers[1], activation: activation, input, rows: rows, into: &gated, workers: workers)
        expectClose(
          actual: gated, expected: zip(alone[0], alone[1]).map { Float(activated($0) * Double($1)) }, tolerance: 5e-5,
          label: "\(rows) gated by \(activation)")
        expectClose(
          actual: layers[0](matrix, activation: activation, workers: workers).values,
          expected: alone[0].map { Float(activated($0)) }, tolerance: 1e-5, label: "\(rows) in \(activation)")
      }
    }
  }

  @Test(arguments: NumberFormat.allCases, [Float.nan, .infinity])
  func `do not hide numbers that are none`(_ format: NumberFormat, bad: Float) {
    for engine in Self.engines {
      var input = TestNumbers.sample(2 * 64, in: -1...1)
      input[70] = bad
      var output = [Float](repeating: 0, count: 2 * 70)
      layer(TestNumbers.sample(70 * 64, in: -1...1), 64, 70, format, engine: engine).apply(
        input, rows: 2, into: &output, workers: Workers(count: 1))
      #expect(output[..<70].allSatisfy(\.isFinite) && output[70...].allSatisfy { !$0.isFinite })
    }
  }

  @Test(arguments: [1, 2, 4, 8, 16, 32, 64])
  func `rotate by the orthonormal Hadamard matrix`(_ order: Int) {
    let values = TestNumbers.sample(order * 3, in: -2...2)
    var rotated = values
    rotated.withUnsafeMutableBufferPointer { PackingMath.rotate($0, order) }
    let wanted = (0..<values.count).map { index in
      let (block, row) = (index / order, index % order)
      let sum = (0..<order).reduce(0.0) { sum, column in
        let sign = (row & column).nonzeroBitCount % 2 == 0 ? 1.0 : -1.0
        return sum + sign * Double(values[block * order + column])
      }
      return Float(sum / Double(order).squareRoot())
    }
    expectClose(actual: rotated, expected: wanted, tolerance: 1e-5, label: "order \(order)")
  }

  @Test func `take int8 widths of any kind`() {
    #expect(PackedWeights.rotation(2048) == 64 && PackedWeights.rotation(3420) == 4)
    #expect(PackedWeights.rotation(4304) == 16 && PackedWeights.rotation(33) == 1)
  }
}
