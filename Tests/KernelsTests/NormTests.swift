import Kernels
import TestSupport
import Testing

@Suite struct `Norms agree with double arithmetic` {
  /// Rows of magnitude 3, also around 100: a variance taken as E[x²] − E[x]² in float32 would be off by far more.
  struct Operands {
    let input: Matrix
    let gain: [Float]
    let bias: [Float]

    init(rows: Int, width: Int, around centre: Float) {
      var numbers = TestNumbers(seed: UInt64(rows * 100 + width))
      input = Matrix(rows: rows, columns: width, values: numbers.floats(rows * width, in: centre - 3...centre + 3))
      gain = numbers.floats(width, in: 0.5...1.5)
      bias = numbers.floats(width)
    }

    func layerNorm(_ row: Int, epsilon: Double) -> (values: [Float], deviation: Double) {
      let values = input.row(row).map(Double.init)
      let mean = values.reduce(0, +) / Double(values.count)
      let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)
      let deviation = (variance + epsilon).squareRoot()
      let normed = values.indices.map {
        Float((values[$0] - mean) / deviation * Double(gain[$0]) + Double(bias[$0]))
      }
      return (normed, deviation)
    }
  }

  @Test(arguments: [0, 1, 2, 33, 65], [1, 2, 7, 64, 193])
  func `layer norm`(rows: Int, width: Int) {
    for (centre, epsilon) in [(Float(0), 1e-5), (100, 1e-6), (0, 1e-12)] {
      let operands = Operands(rows: rows, width: width, around: centre)
      let norm = LayerNorm(
        gain: WeightBuffer(operands.gain), bias: WeightBuffer(operands.bias), epsilon: Float(epsilon))
      for workers in [1, 2] {
        let output = norm(operands.input, workers: Workers(count: workers))
        for row in 0..<rows {
          let expected = operands.layerNorm(row, epsilon: epsilon)
          // A row of two close values has a small deviation, which magnifies the rounding of the mean to float32.
          expectClose(
            actual: Array(output.row(row)), expected: expected.values,
            tolerance: Tolerances.norm + centre.ulp / Float(expected.deviation),
            label: "around \(centre), epsilon \(epsilon), row \(row)")
        }
      }
    }
  }

  @Test(arguments: [0, 1, 2, 33, 65], [1, 2, 7, 64, 193])
  func `RMS norm`(rows: Int, width: Int) {
    for (centre, epsilon) in [(Float(0), 1e-5), (100, 1e-6)] {
      let operands = Operands(rows: rows, width: width, around: centre)
      let norm = RMSNorm(gain: WeightBuffer(operands.gain), epsilon: Float(epsilon))
      let expected = (0..<rows).flatMap { row -> [Float] in
        let values = operands.input.row(row).map(Double.init)
        let square = values.reduce(0) { $0 + $1 * $1 } / Double(width)
        return values.indices.map {
          Float(values[$0] / (square + epsilon).squareRoot() * Double(operands.gain[$0]))
        }
      }
      for workers in [1, 2] {
        var output = [Float](repeating: .nan, count: rows * width)
        norm.apply(operands.input.values, rows: rows, into: &output, workers: Workers(count: workers))
        expectClose(
          actual: output, expected: expected, tolerance: Tolerances.norm, label: "around \(centre)",
          shape: [rows, width])
      }
    }
  }

  @Test func `a constant row becomes the bias, not NaN`() {
    let norm = LayerNorm(gain: WeightBuffer([1, 2, 3]), bias: WeightBuffer([4, 5, 6]), epsilon: 1e-12)
    let output = norm(Matrix(rows: 1, columns: 3, values: [9, 9, 9]), workers: Workers(count: 1))
    #expect(output.values == [4, 5, 6])
  }
}
