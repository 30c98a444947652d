import Synchronization
import TestSupport
import Testing

@testable import Kernels

/// Every number of rows is a shape of its own, and prompts have any length.
@Suite struct `oneDNN's products` {
  static let inner = 16
  static let columns = 64

  /// source [rows, inner] · weights [inner, columns], of small whole numbers, which come out exactly.
  private func isRight(_ library: OneDNN, _ lane: OneDNN.Lane, rows: Int) -> Bool {
    let source = (0..<rows * Self.inner).map { Float($0 * 7 % 11) - 5 }
    let weights = (0..<Self.inner * Self.columns).map { Float($0 * 5 % 13) - 6 }
    var output = [Float](repeating: .nan, count: rows * Self.columns)
    let shape = OneDNN.Shape(format: .f32, rows: rows, inner: Self.inner, columns: Self.columns)
    let done = source.withUnsafeBytes { source in
      weights.withUnsafeBytes { weights in
        output.withUnsafeMutableBytes { library.multiply(shape, source: source, weights: weights, into: $0, on: lane) }
      }
    }
    return done
      && output.indices.allSatisfy { index in
        let (row, column) = (index / Self.columns, index % Self.columns)
        let sum = (0..<Self.inner).reduce(Float(0)) {
          $0 + source[row * Self.inner + $1] * weights[$1 * Self.columns + column]
        }
        return output[index] == sum
      }
  }

  @Test func `are kept up to a limit, and are right after they were forgotten`() throws {
    let library = try #require(OneDNN(mostProducts: 8))
    let lane = try #require(library.makeLane(WorkspacePool()))
    for rows in Array(1...40) + Array(1...10) {
      #expect(isRight(library, lane, rows: rows), "\(rows) rows")
      #expect(library.productCount <= 8)
    }
    #expect(library.productCount == 8)
  }

  @Test func `may be forgotten by one thread while another uses them`() throws {
    let library = try #require(OneDNN(mostProducts: 2))
    let wrong = Atomic<Int>(0)
    Workers(count: 4).forEach(200) { item in
      guard let lane = library.makeLane(WorkspacePool()), isRight(library, lane, rows: item % 9 + 1) else {
        wrong.add(1, ordering: .relaxed)
        return
      }
    }
    #expect(wrong.load(ordering: .relaxed) == 0 && library.productCount <= 2)
  }
}
