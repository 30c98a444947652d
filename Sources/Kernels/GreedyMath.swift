import CKernels

/// Steps of greedy selections, in double: Swift wrapper around the multiversioned C loops.
public enum GreedyMath {
  /// best[i] = max(best[i], row[i]).
  public static func raise(_ best: inout [Double], to row: ArraySlice<Double>) {
    combine(&best, row, cv_raise)
  }

  /// nearest[i] = min(nearest[i], 1 − cosines[i]).
  public static func approach(_ nearest: inout [Double], cosines: ArraySlice<Double>) {
    combine(&nearest, cosines, cv_approach)
  }

  /// Σ_i max(0, row[i] − best[i]). Its order is the same on every CPU, and it never grows while `best` does.
  public static func gain(of row: ArraySlice<Double>, over best: [Double]) -> Double {
    precondition(row.count == best.count, "a gain is over as many as there are")
    return row.withUnsafeBufferPointer { row in
      best.withUnsafeBufferPointer { cv_gain(row.baseAddress, $0.baseAddress, row.count) }
    }
  }

  /// destination[i] −= factor · source[i].
  public static func subtract(_ source: [Double], times factor: Double, from destination: inout [Double]) {
    precondition(source.count == destination.count, "as many are subtracted as there are")
    source.withUnsafeBufferPointer { source in
      destination.withUnsafeMutableBufferPointer {
        cv_subtract_scaled($0.baseAddress, source.baseAddress, factor, source.count)
      }
    }
  }

  private static func combine(
    _ values: inout [Double], _ row: ArraySlice<Double>,
    _ loop: (UnsafeMutablePointer<Double>?, UnsafePointer<Double>?, Int) -> Void
  ) {
    precondition(row.count == values.count, "one value for each")
    row.withUnsafeBufferPointer { row in
      values.withUnsafeMutableBufferPointer { loop($0.baseAddress, row.baseAddress, row.count) }
    }
  }
}
