/// Holm's step-down correction. It raises the p-values of several tests so that the chance of any false discovery
/// among them stays at the level that each is compared with.
enum HolmCorrection {
  /// - Parameter values: p-values; nil for a test that was not made, which does not count.
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
