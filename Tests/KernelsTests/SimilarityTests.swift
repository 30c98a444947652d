import Kernels
import TestSupport
import Testing

@Suite struct `Similarity of rows` {
  /// Around the edges of tiles, of 128 rows.
  static let shapes: [(rows: Int, others: Int, width: Int)] = [
    (1, 1, 1), (3, 2, 5), (127, 129, 64), (128, 128, 33), (130, 1, 100), (257, 260, 48),
  ]

  private func matrix(_ rows: Int, _ width: Int, seed: UInt64) -> Matrix {
    var numbers = TestNumbers(seed: seed)
    return Matrix(rows: rows, columns: width, values: numbers.floats(rows * width, in: -2...2))
  }

  private func product(_ first: Matrix, _ row: Int, _ second: Matrix, _ other: Int) -> Double {
    (0..<first.columns).reduce(0.0) { $0 + Double(first[row, $1]) * Double(second[other, $1]) }
  }

  private func cosine(_ first: Matrix, _ row: Int, _ second: Matrix, _ other: Int) -> Double {
    let lengths = product(first, row, first, row).squareRoot() * product(second, other, second, other).squareRoot()
    return lengths == 0 ? 0 : product(first, row, second, other) / lengths
  }

  private func expected(_ first: Matrix, _ second: Matrix, _ value: (Matrix, Int, Matrix, Int) -> Double) -> [Float] {
    (0..<first.rows).flatMap { row in (0..<second.rows).map { Float(value(first, row, second, $0)) } }
  }

  @Test(arguments: shapes)
  func `equals a loop in double, between two matrices`(_ shape: (rows: Int, others: Int, width: Int)) {
    let first = matrix(shape.rows, shape.width, seed: 1)
    let second = matrix(shape.others, shape.width, seed: 2)
    let workers = Workers(count: 2)
    let cosines = Similarity.cosines(of: first, and: second, workers: workers)
    #expect(cosines.rows == shape.rows && cosines.columns == shape.others)
    expectClose(actual: cosines.values, expected: expected(first, second, cosine), tolerance: 1e-6, label: "cosines")
    let products = Similarity.products(of: first, and: second, workers: workers)
    expectClose(
      actual: products.values, expected: expected(first, second, product), tolerance: 1e-4, label: "products")
  }

  @Test(arguments: shapes)
  func `of a matrix with itself is symmetric to the bit, with ones on the diagonal`(
    _ shape: (rows: Int, others: Int, width: Int)
  ) {
    let rows = matrix(shape.rows, shape.width, seed: 3)
    let cosines = Similarity.cosines(of: rows, workers: Workers(count: 2))
    expectClose(actual: cosines.values, expected: expected(rows, rows, cosine), tolerance: 1e-6, label: "cosines")
    let products = Similarity.products(of: rows, workers: Workers(count: 2))
    expectClose(actual: products.values, expected: expected(rows, rows, product), tolerance: 1e-4, label: "products")
    for row in 0..<rows.rows {
      #expect(abs(cosines[row, row] - 1) <= 1e-6)
      #expect((0..<row).allSatisfy { cosines[row, $0] == cosines[$0, row] && products[row, $0] == products[$0, row] })
    }
  }

  @Test func `does not depend on the number of workers`() {
    let rows = matrix(300, 70, seed: 5)
    let others = matrix(140, 70, seed: 6)
    let one = Workers(count: 1)
    for count in [2, 3, 5] {
      let workers = Workers(count: count)
      #expect(Similarity.cosines(of: rows, workers: workers) == Similarity.cosines(of: rows, workers: one))
      #expect(
        Similarity.products(of: rows, and: others, workers: workers)
          == Similarity.products(of: rows, and: others, workers: one))
    }
  }

  @Test func `is 0 with a row of length zero, and survives very long and very short rows`() {
    let rows = Matrix(
      rows: 5, columns: 2, values: [0, 0, 3e38, 3e38, 1e-38, 1e-38, -2, 2, .nan, 1])
    let cosines = Similarity.cosines(of: rows, workers: Workers(count: 1))
    for row in 0..<4 { #expect(cosines[0, row] == 0 && cosines[row, 0] == 0) }
    #expect(abs(cosines[1, 2] - 1) <= 1e-6 && abs(cosines[1, 3]) <= 1e-6 && abs(cosines[2, 2] - 1) <= 1e-6)
    #expect((0..<5).allSatisfy { cosines[4, $0].isNaN && cosines[$0, 4].isNaN })
  }

  @Test func `of no rows is empty, and of rows without channels is zero`() {
    let workers = Workers(count: 2)
    let none = Matrix(rows: 0, columns: 4)
    #expect(Similarity.cosines(of: none, workers: workers) == Matrix(rows: 0, columns: 0))
    #expect(
      Similarity.products(of: Matrix(rows: 3, columns: 4), and: none, workers: workers) == Matrix(rows: 3, columns: 0))
    #expect(Similarity.cosines(of: Matrix(rows: 2, columns: 0), workers: workers) == Matrix(rows: 2, columns: 2))
  }
}
