import Basics

/// Ratios of sums over resamples. Each resample draws units (questions, or images with all of their questions) with
/// replacement; numerators and denominator share the draw.
struct PairedBootstrap {
  let seed: UInt64
  let replicates: Int

  /// - Parameters:
  ///   - numerators: for each setting, the sum of grades in each unit.
  ///   - denominator: the same for the dense setting.
  /// - Returns: each setting's ratios in ascending order. Resamples whose denominator is 0 are left out.
  func ratios(of numerators: [[Double]], to denominator: [Double]) -> [[Double]] {
    let units = denominator.count
    precondition(units > 0, "a resample needs something to draw")
    precondition(numerators.allSatisfy { $0.count == units }, "a paired resample is of the same units")
    var random = SeededGenerator(seed: seed, digest: 0)
    var ratios = [[Double]](repeating: [], count: numerators.count)
    for setting in ratios.indices { ratios[setting].reserveCapacity(replicates) }
    var drawn = [Double](repeating: 0, count: units)
    for _ in 0..<replicates {
      drawn.withUnsafeMutableBufferPointer { drawn in
        drawn.update(repeating: 0)
        for _ in 0..<units { drawn[random.next(below: units)] += 1 }
      }
      let dense = Self.dot(drawn, denominator)
      guard dense > 0 else { continue }
      for setting in ratios.indices { ratios[setting].append(Self.dot(drawn, numerators[setting]) / dense) }
    }
    for setting in ratios.indices { ratios[setting].sort() }
    return ratios
  }

  /// Sum of products in double, as eight partial sums added in a fixed order, so that it is the same on every machine.
  private static func dot(_ weights: [Double], _ values: [Double]) -> Double {
    weights.withUnsafeBytes { weights in
      values.withUnsafeBytes { values in
        let stride = MemoryLayout<SIMD8<Double>>.size
        let whole = weights.count / stride * stride
        var sums = SIMD8<Double>()
        for offset in Swift.stride(from: 0, to: whole, by: stride) {
          sums +=
            weights.loadUnaligned(fromByteOffset: offset, as: SIMD8<Double>.self)
            * values.loadUnaligned(fromByteOffset: offset, as: SIMD8<Double>.self)
        }
        var total = 0.0
        for lane in 0..<8 { total += sums[lane] }
        for offset in Swift.stride(from: whole, to: weights.count, by: MemoryLayout<Double>.size) {
          total +=
            weights.load(fromByteOffset: offset, as: Double.self) * values.load(fromByteOffset: offset, as: Double.self)
        }
        return total
      }
    }
  }
}

/// Quantiles of a sorted list.
enum Quantile {
  /// Linear between the two nearest ranks, as in NumPy; nil for an empty list.
  static func of(_ sorted: [Double], _ share: Double) -> Double? {
    guard let last = sorted.last else { return nil }
    let position = share * Double(sorted.count - 1)
    let lower = Int(position)
    guard lower + 1 < sorted.count else { return last }
    return sorted[lower] + (sorted[lower + 1] - sorted[lower]) * (position - Double(lower))
  }
}
