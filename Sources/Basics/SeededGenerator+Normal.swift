import Foundation

extension SeededGenerator {
  /// A standard normal number (the cosine half of Box and Muller's pair, so that each takes two draws).
  public mutating func nextNormal() -> Double {
    // 53 bits each; the first is never zero, whose logarithm does not exist.
    let radius = (-2 * log(Double(next() >> 11) * 0x1p-53 + 0x1p-54)).squareRoot()
    return radius * cos(2 * Double.pi * Double(next() >> 11) * 0x1p-53)
  }
}
