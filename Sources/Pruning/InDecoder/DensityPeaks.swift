import Foundation
import Kernels

/// Clusters by density peaks: a centre has many close neighbours and is far from anything denser. No random numbers:
/// of two rows of the same density the earlier one is denser.
enum DensityPeaks {
  struct Cluster: Sendable, Hashable {
    let centre: Int
    /// Ascending, the centre included.
    let members: [Int]
  }

  /// - Parameters:
  ///   - rows: [rows, width], at least `count`.
  ///   - count: of clusters, and of the neighbours (a row itself included) that make its density.
  /// - Returns: the best centre first.
  static func clusters(of rows: Matrix, count: Int) -> [Cluster] {
    let distances = distances(between: rows)
    let all = Array(0..<rows.rows)
    let densities = distances.map { row in
      exp(-row.map { $0 * $0 }.sorted().prefix(count).reduce(0, +) / Double(count))
    }
    let largest = distances.lazy.joined().max() ?? 0
    let peaks = all.map { row in
      let denser = all.filter { other in
        densities[other] > densities[row] || densities[other] == densities[row] && other < row
      }
      return (denser.map { distances[row][$0] }.min() ?? largest) * densities[row]
    }
    let centres = Ranking.top(count, of: peaks)
    var members = [[Int]](repeating: [], count: centres.count)
    for row in all {
      let nearest = centres.indices.min { distances[row][centres[$0]] < distances[row][centres[$1]] }
      members[centres.firstIndex(of: row) ?? nearest ?? 0].append(row)
    }
    return zip(centres, members).map(Cluster.init)
  }

  /// ‖yᵢ − yⱼ‖ ÷ √width, sums in double: [rows][rows].
  private static func distances(between rows: Matrix) -> [[Double]] {
    var distances = [[Double]](repeating: [Double](repeating: 0, count: rows.rows), count: rows.rows)
    for first in 0..<rows.rows {
      for second in 0..<first {
        let distance = (squares(of: rows.row(first), minus: rows.row(second)) / Double(rows.columns)).squareRoot()
        distances[first][second] = distance
        distances[second][first] = distance
      }
    }
    return distances
  }

  /// Σ (a − b)², in eight partial sums: there are as many of these as pairs of rows.
  private static func squares(of first: ArraySlice<Float>, minus second: ArraySlice<Float>) -> Double {
    first.withUnsafeBytes { first in
      second.withUnsafeBytes { second in
        let step = MemoryLayout<SIMD8<Float>>.size
        let whole = first.count / step * step
        var sums = SIMD8<Double>.zero
        for place in stride(from: 0, to: whole, by: step) {
          let difference =
            SIMD8<Double>(first.loadUnaligned(fromByteOffset: place, as: SIMD8<Float>.self))
            - SIMD8<Double>(second.loadUnaligned(fromByteOffset: place, as: SIMD8<Float>.self))
          sums += difference * difference
        }
        var sum = sums.sum()
        for place in stride(from: whole, to: first.count, by: MemoryLayout<Float>.size) {
          let difference =
            Double(first.loadUnaligned(fromByteOffset: place, as: Float.self))
            - Double(second.loadUnaligned(fromByteOffset: place, as: Float.self))
          sum += difference * difference
        }
        return sum
      }
    }
  }
}
