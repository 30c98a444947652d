import Foundation
import Kernels

/// How much a projector's output changes with its input, by central differences along random directions.
struct ProjectorSensitivity {
  private let projector: ProjectorWeights
  /// What a step along each direction adds to the hidden layer: [directions, hidden].
  private let steps: DoubleMatrix
  /// The largest of them.
  private let longest: Double
  private let step: Double
  private let workers: Workers

  /// - Parameters:
  ///   - noise: [directions, width]; only the rows' directions count.
  ///   - step: length of a step along one.
  init(projector: ProjectorWeights, noise: Matrix, step: Double, workers: Workers) {
    self.projector = projector
    self.step = step
    self.workers = workers
    let directions = ExactSimilarity.directions(of: noise, epsilon: 1e-12, workers: workers)
    var steps = ExactSimilarity.products(of: directions, and: projector.first.doubles, workers: workers)
    for index in steps.values.indices { steps.values[index] *= step }
    self.steps = steps
    longest = steps.values.reduce(0) { max($0, abs($1)) }
  }

  /// Means over the directions of ‖p(x + hδ) − p(x − hδ)‖ ÷ 2h, for each row x of [tokens, width].
  ///
  /// The first layer is linear, so a step is added to its output. The difference of the activations is taken in double;
  /// what is left to multiply has no digits to lose, so the second layer runs in Float32.
  func callAsFunction(of features: Matrix) -> [Double] {
    var hidden = ExactSimilarity.products(of: features.doubles, and: projector.first.doubles, workers: workers)
    for index in hidden.values.indices { hidden.values[index] += Double(projector.firstBias[index % hidden.columns]) }
    return stride(from: 0, to: hidden.rows, by: Self.tokensTogether).flatMap { start in
      let tokens = start..<min(start + Self.tokensTogether, hidden.rows)
      let output = Similarity.products(
        of: differences(around: tokens, of: hidden), and: projector.second, workers: workers)
      let lengths = (0..<output.rows).map { row in
        output.row(row).reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
      }
      return tokens.indices.map { index in
        let own = lengths[(index - start) * steps.rows..<(index - start + 1) * steps.rows]
        return own.reduce(0, +) / Double(steps.rows) / (2 * step)
      }
    }
  }

  /// Tokens whose steps go through the second layer at once.
  private static let tokensTogether = 16

  /// gelu(a + e) − gelu(a − e) for every token's hidden row and every step e: [tokens · directions, hidden].
  private func differences(around tokens: Range<Int>, of hidden: DoubleMatrix) -> Matrix {
    let (directions, count) = (steps.rows, steps.columns)
    var result = Matrix(rows: tokens.count * directions, columns: count)
    let isShort = longest <= GELUSeries.reach
    result.values.withUnsafeMutableBufferPointer { values in
      steps.values.withUnsafeBufferPointer { steps in
        let target = SharedSpan(writing: values)
        let steps = SharedSpan(reading: steps)
        workers.forEach(tokens.count) { index in
          let places = Array(hidden.row(tokens.lowerBound + index))
          let series = isShort ? places.map { GELUSeries(at: $0) } : []
          let out = target.writable(index * directions * count..<(index + 1) * directions * count)
          let all = steps.all
          for direction in 0..<directions {
            let start = direction * count
            for place in 0..<count {
              let step = all[start + place]
              out[start + place] = Float(
                isShort ? series[place](step) : Self.gelu(places[place] + step) - Self.gelu(places[place] - step))
            }
          }
        }
      }
    }
    return result
  }

  /// The exact GELU, by the error function.
  private static func gelu(_ value: Double) -> Double { 0.5 * value * (1 + erf(value / 2.0.squareRoot())) }
}

/// gelu(a + e) − gelu(a − e) as an odd power series in e, to the fifth power.
private struct GELUSeries {
  /// Steps up to this length are within 1e-8 of the difference: the seventh derivative stays below 100, and is divided
  /// by 7!/2.
  static let reach = 0.1

  private let first: Double
  private let third: Double
  private let fifth: Double

  init(at place: Double) {
    let square = place * place
    let density = Foundation.exp(-square / 2) / (2 * Double.pi).squareRoot()
    let below = 0.5 * (1 + erf(place / 2.0.squareRoot()))
    first = 2 * (below + place * density)
    third = density * place * (square - 4) / 3
    fifth = density * place * (square * square - 11 * square + 18) / 60
  }

  func callAsFunction(_ step: Double) -> Double {
    let square = step * step
    return step * (first + square * (third + square * fifth))
  }
}

extension ProjectorWeights {
  /// Each layer's best approximation of rank `rank`; a layer that has no higher rank is kept as it is.
  func truncated(to rank: Int) throws(PruningError) -> ProjectorWeights {
    ProjectorWeights(
      first: try Self.truncated(first, to: rank), firstBias: firstBias, second: try Self.truncated(second, to: rank),
      secondBias: secondBias)
  }

  /// W·V·Vᵀ, V being the strongest eigenvectors of WᵀW.
  private static func truncated(_ weight: Matrix, to rank: Int) throws(PruningError) -> Matrix {
    guard min(weight.rows, weight.columns) > rank else { return weight }
    let workers = Workers(count: 1)
    var columns = DoubleMatrix(rows: weight.columns, columns: weight.rows)
    for row in 0..<weight.rows {
      for (column, value) in weight.row(row).enumerated() { columns[column, row] = Double(value) }
    }
    guard
      let vectors = SymmetricEigenvectors.largest(rank, of: ExactSimilarity.products(of: columns, workers: workers))
    else {
      throw .malformedSharedEvidence("the projector", expected: "weights with singular vectors", found: "others")
    }
    let parts = ExactSimilarity.products(of: weight.doubles, and: vectors, workers: workers)
    var result = Matrix(rows: weight.rows, columns: weight.columns)
    for row in 0..<weight.rows {
      var values = [Double](repeating: 0, count: weight.columns)
      for (index, part) in parts.row(row).enumerated() {
        GreedyMath.subtract(Array(vectors.row(index)), times: -part, from: &values)
      }
      for (column, value) in values.enumerated() { result[row, column] = Float(value) }
    }
    return result
  }
}
