/// Holm's step-down correction: p-values of several tests, raised so that the chance of any false discovery among them
/// stays at the level that each is compared with.
enum HolmCorrection {
  /// - Parameter values: p-values; nil where there was no test, which then does not count.
  static func adjusted(_ values: [Double?]) -> [Double?] {
    let tests = values.indices.compactMap { index in values[index].map { (index, $0) } }.sorted { $0.1 < $1.1 }
    var adjusted = [Double?](repeating: nil, count: values.count)
    var largest = 0.0
    for (rank, (index, value)) in tests.enumerated() {
      largest = max(largest, min(1, Double(tests.count - rank) * value))
      adjusted[index] = largest
    }
    return adjusted
  }
}
