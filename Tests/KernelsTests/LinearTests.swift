import Kernels
import TestSupport
import Testing

@Suite struct `A linear layer` {
  struct Shape: CustomTestStringConvertible {
    let rows: Int
    let inputs: Int
    let outputs: Int
    var testDescription: String { "[\(rows), \(inputs)] → \(outputs)" }

    static let all = [0, 1, 2, 63, 65].flatMap { rows in
      [(1, 1), (7, 33), (64, 16), (131, 5), (200, 129)].map { Shape(rows: rows, inputs: $0.0, outputs: $0.1) }
    }
  }

  /// A layer with its operands.
  struct Operands {
    let shape: Shape
    let input: [Float]
    let weights: [Float]
    let bias: [Float]
    let before: [Float]

    init(_ shape: Shape) {
      var numbers = TestNumbers(seed: UInt64(shape.rows * 1000 + shape.inputs))
      self.shape = shape
      input = numbers.floats(shape.rows * shape.inputs)
      weights = numbers.floats(shape.outputs * shape.inputs)
      bias = numbers.floats(shape.outputs)
      before = numbers.floats(shape.rows * shape.outputs)
    }

    func layer(bias hasBias: Bool) -> Linear {
      Linear(
        inputs: shape.inputs, outputs: shape.outputs, weights: WeightBuffer(weights),
        bias: hasBias ? WeightBuffer(bias) : nil)
    }

    /// x·Wᵀ (+ b) (+ what was there), in double.
    func expected(bias hasBias: Bool, accumulate: Bool) -> [Double] {
      (0..<shape.rows * shape.outputs).map { index in
        let (row, output) = (index / shape.outputs, index % shape.outputs)
        var sum = hasBias ? Double(bias[output]) : 0
        for inner in 0..<shape.inputs {
          sum += Double(input[row * shape.inputs + inner]) * Double(weights[output * shape.inputs + inner])
        }
        return accumulate ? sum + Double(before[index]) : sum
      }
    }
  }

  @Test(arguments: Shape.all, [1, 2, 5])
  func `is the product with the transposed weights, with any number of workers`(_ shape: Shape, workers: Int) {
    let operands = Operands(shape)
    for bias in [false, true] {
      for accumulate in [false, true] {
        var output = operands.before
        operands.layer(bias: bias).apply(
          operands.input, rows: shape.rows, into: &output, accumulate: accumulate, workers: Workers(count: workers))
        expectClose(
          actual: output, expected: operands.expected(bias: bias, accumulate: accumulate).map(Float.init),
          tolerance: Tolerances.product, label: "bias \(bias), accumulate \(accumulate)",
          shape: [shape.rows, shape.outputs])
      }
    }
  }

  @Test(arguments: Shape.all)
  func `applies its activation after the bias`(_ shape: Shape) {
    let operands = Operands(shape)
    let input = Matrix(rows: shape.rows, columns: shape.inputs, values: operands.input)
    let output = operands.layer(bias: true)(input, activation: .relu, workers: Workers(count: 2))
    #expect(output.rows == shape.rows && output.columns == shape.outputs)
    expectClose(
      actual: output.values,
      expected: operands.expected(bias: true, accumulate: false).map { Float(max($0, 0)) },
      tolerance: Tolerances.product,
      label: "relu", shape: [shape.rows, shape.outputs])
  }

  @Test func `leaves what lies after its rows alone`() {
    let shape = Shape(rows: 3, inputs: 17, outputs: 9)
    let operands = Operands(shape)
    var output = [Float](repeating: 7, count: 4 * 9)
    operands.layer(bias: true).apply(operands.input, rows: 3, into: &output, workers: Workers(count: 2))
    #expect(output.suffix(9).allSatisfy { $0 == 7 })
    #expect(!output.prefix(27).contains(7))
  }
}
