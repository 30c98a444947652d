import Basics
import Kernels

/// What a decision may use beside the evidence: numbers drawn at random, threads, and the similarity of rows.
public struct PlanContext: Sendable {
  /// Seeded by the run's seed and the picture's digest.
  public var random: SeededGenerator
  /// Threads for matrix products.
  public let workers: Workers

  public init(random: SeededGenerator, workers: Workers) {
    self.random = random
    self.workers = workers
  }

  /// Cosines between every row of `first` [rows, width] and every row of `second` (nil: of `first` itself):
  /// [first.rows, second.rows], on all threads. Within about 1e-6 of the exact ones; 0 with a row of length zero.
  public func cosines(_ first: Matrix, _ second: Matrix? = nil) -> Matrix {
    Similarity.cosines(of: first, and: second, workers: workers)
  }

  /// The same in double: for methods whose decisions are closer than Float32 can tell.
  public func exactCosines(_ first: Matrix, _ second: Matrix? = nil) -> DoubleMatrix {
    ExactSimilarity.cosines(of: first, and: second, workers: workers)
  }

  /// Independent standard normal numbers: [rows, columns].
  public mutating func normals(rows: Int, columns: Int) -> Matrix {
    Matrix(rows: rows, columns: columns, values: (0..<rows * columns).map { _ in Float(random.nextNormal()) })
  }

  /// Inner products of every row of `first` [rows, width] with every row of `second` (nil: of `first` itself):
  /// [first.rows, second.rows], on all threads and in Float32.
  public func products(_ first: Matrix, _ second: Matrix? = nil) -> Matrix {
    Similarity.products(of: first, and: second, workers: workers)
  }
}
