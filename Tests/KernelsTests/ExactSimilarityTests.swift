import TestSupport
import Testing

@testable import Kernels

@Suite struct `Similarities and eigenvectors in double` {
  private func matrix(_ rows: Int, _ columns: Int, seed: UInt64) -> Matrix {
    var numbers = TestNumbers(seed: seed)
    return Matrix(rows: rows, columns: columns, values: numbers.floats(rows * columns))
  }

  @Test(arguments: [1, 2], [(5, 3, 7), (200, 130, 33)])
  func `Cosines equal a plain loop, and are symmetric`(threads: Int, shape: (Int, Int, Int)) {
    let workers = Workers(count: threads)
    let (first, second) = (matrix(shape.0, shape.2, seed: 1), matrix(shape.1, shape.2, seed: 2))
    let found = ExactSimilarity.cosines(of: first, and: second, workers: workers)
    for row in 0..<first.rows {
      for column in 0..<second.rows {
        // Sums of 33 products in double, in another order.
        #expect(abs(found[row, column] - cosine(first.row(row), second.row(column))) < 1e-13)
      }
    }
    let own = ExactSimilarity.cosines(of: first, workers: workers)
    for row in 0..<first.rows { for column in 0..<row { #expect(own[row, column] == own[column, row]) } }
  }

  private func cosine(_ first: ArraySlice<Float>, _ second: ArraySlice<Float>) -> Double {
    func product(_ one: ArraySlice<Float>, _ other: ArraySlice<Float>) -> Double {
      zip(one, other).reduce(0) { $0 + Double($1.0) * Double($1.1) }
    }
    return product(first, second) / (product(first, first) * product(second, second)).squareRoot()
  }

  @Test func `a row of length zero is like nothing`() {
    let rows = Matrix(rows: 2, columns: 2, values: [0, 0, 3, 4])
    let cosines = ExactSimilarity.cosines(of: rows, workers: Workers(count: 1)).values
    #expect(cosines.dropLast() == [0, 0, 0])
    // A row divided by its length is rounded, in double.
    #expect(abs(cosines[3] - 1) < 1e-15)
  }

  @Test(arguments: [1, 4, 30])
  func `Eigenvectors are unit vectors that the matrix only stretches, strongest first`(count: Int) throws {
    let rows = matrix(30, 40, seed: 3)
    let directions = ExactSimilarity.directions(of: rows, workers: Workers(count: 1))
    let gram = ExactSimilarity.products(of: directions, workers: Workers(count: 1))
    let vectors = try #require(SymmetricEigenvectors.largest(count, of: gram))
    var before = Double.infinity
    for index in 0..<count {
      let vector = Array(vectors.row(index))
      let image = (0..<30).map { row in zip(gram.row(row), vector).reduce(0) { $0 + $1.0 * $1.1 } }
      let value = zip(image, vector).reduce(0) { $0 + $1.0 * $1.1 }
      #expect(abs(vector.reduce(0) { $0 + $1 * $1 } - 1) < 1e-12)
      for (found, part) in zip(image, vector) { #expect(abs(found - value * part) < 1e-11) }
      #expect(value <= before + 1e-12)
      before = value
    }
  }

  @Test(arguments: [1, 7, 8, 29])
  func `Steps of greedy selections equal plain loops`(count: Int) {
    var numbers = TestNumbers(seed: 9)
    let row = numbers.floats(count).map { Double($0) }
    let best = numbers.floats(count).map { Double($0) }
    var raised = best
    GreedyMath.raise(&raised, to: row[...])
    #expect(raised == zip(row, best).map { max($0, $1) })
    var nearest = best
    GreedyMath.approach(&nearest, cosines: row[...])
    #expect(nearest == zip(row, best).map { min(1 - $0, $1) })
    let gain = zip(row, best).reduce(0) { $0 + max(0, $1.0 - $1.1) }
    #expect(abs(GreedyMath.gain(of: row[...], over: best) - gain) < 1e-14 * Double(count))
    var rest = best
    GreedyMath.subtract(row, times: 0.5, from: &rest)
    for index in rest.indices { #expect(abs(rest[index] - (best[index] - 0.5 * row[index])) < 1e-15) }
  }

  @Test func `a layer's weights are those that it was made of`() {
    let weights = matrix(5, 3, seed: 4)
    let layer = Linear(
      inputs: 3, outputs: 5, weights: WeightBuffer(weights.values), bias: WeightBuffer([1, 2, 3, 4, 5]))
    let dense = layer.dense(workers: Workers(count: 1))
    #expect(dense.weights == weights && dense.bias == [1, 2, 3, 4, 5])
  }
}
