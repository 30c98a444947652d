import Foundation
import Kernels

/// Directions over the tokens in which the sigmoids of their features vary most.
struct PrincipalComponents {
  /// Sigmoids of each token's features, less their mean over the token: [tokens, width].
  private let rows: DoubleMatrix
  private let workers: Workers

  init(of features: Matrix, workers: Workers) {
    self.workers = workers
    var rows = DoubleMatrix(rows: features.rows, columns: features.columns)
    let width = features.columns
    for token in 0..<features.rows {
      let values = features.row(token).map { 1 / (1 + exp(-Double($0))) }
      let mean = values.reduce(0, +) / Double(width)
      for (place, value) in values.enumerated() { rows.values[token * width + place] = value - mean }
    }
    self.rows = rows
  }

  /// The `count` strongest, strongest first: [count, tokens]. Nil if the algorithm does not converge.
  func exact(_ count: Int) -> DoubleMatrix? {
    // The weak half of narrow rows' components would lose digits on the way back from the smaller side.
    guard 2 * count <= rows.columns, rows.columns < rows.rows else {
      return SymmetricEigenvectors.largest(count, of: ExactSimilarity.products(of: rows, workers: workers))
    }
    let products = ExactSimilarity.products(of: Self.transposed(rows), workers: workers)
    guard let small = SymmetricEigenvectors.largest(count, of: products) else { return nil }
    var vectors = times(small, rows)
    for row in 0..<vectors.rows { Self.scaleToUnit(&vectors, row: row) }
    return vectors
  }

  /// The same from a random projection and two power iterations, as `torch.pca_lowrank` computes them.
  /// - Parameter noise: standard normal numbers, [min(tokens, width), count].
  func projected(_ count: Int, by noise: Matrix) -> DoubleMatrix? {
    // The projection works on the matrix with at least as many rows as columns.
    let isWide = rows.columns >= rows.rows
    let tall = isWide ? Self.transposed(rows) : rows
    let flat = isWide ? rows : Self.transposed(rows)
    let draw = DoubleMatrix(rows: noise.rows, columns: noise.columns, values: noise.values.map { Double($0) })
    var basis = orthonormal(times(Self.transposed(draw), tall))
    for _ in 0..<2 {
      let inner = orthonormal(times(basis, flat))
      basis = orthonormal(times(inner, tall))
    }
    // Rows of the small matrix: [count, columns of `tall`].
    let small = times(basis, flat)
    guard let mixing = SymmetricEigenvectors.largest(count, of: ExactSimilarity.products(of: small, workers: workers))
    else { return nil }
    guard isWide else { return times(mixing, Self.transposed(basis)) }
    var vectors = times(mixing, Self.transposed(small))
    for row in 0..<vectors.rows { Self.scaleToUnit(&vectors, row: row) }
    return vectors
  }

  /// first [m, inner] · secondᵀ [n, inner].
  private func times(_ first: DoubleMatrix, _ second: DoubleMatrix) -> DoubleMatrix {
    ExactSimilarity.products(of: first, and: second, workers: workers)
  }

  private static func transposed(_ matrix: DoubleMatrix) -> DoubleMatrix {
    var result = DoubleMatrix(rows: matrix.columns, columns: matrix.rows)
    for row in 0..<matrix.rows {
      for (column, value) in matrix.row(row).enumerated() { result.values[column * matrix.rows + row] = value }
    }
    return result
  }

  /// An orthonormal basis of the rows' span: Gram and Schmidt's, twice over, so that rounding does not add up.
  private func orthonormal(_ matrix: DoubleMatrix) -> DoubleMatrix {
    var result = matrix
    let width = matrix.columns
    for row in 0..<matrix.rows {
      var values = Array(result.row(row))
      for _ in 0..<2 {
        for other in 0..<row {
          let basis = Array(result.row(other))
          let product = zip(values, basis).reduce(0) { $0 + $1.0 * $1.1 }
          GreedyMath.subtract(basis, times: product, from: &values)
        }
      }
      result.values.replaceSubrange(row * width..<(row + 1) * width, with: values)
      Self.scaleToUnit(&result, row: row)
    }
    return result
  }

  private static func scaleToUnit(_ matrix: inout DoubleMatrix, row: Int) {
    let length = matrix.row(row).reduce(0) { $0 + $1 * $1 }.squareRoot()
    guard length > 0 else { return }
    for index in row * matrix.columns..<(row + 1) * matrix.columns { matrix.values[index] /= length }
  }
}
