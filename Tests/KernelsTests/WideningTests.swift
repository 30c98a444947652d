import Foundation
import Kernels
import Testing

@Suite struct `Widening half precision is exact` {
  static let everyPattern: [UInt16] = (0...65_535).map { UInt16($0) }

  private func widened(
    _ patterns: [UInt16], _ widen: (UnsafeBufferPointer<UInt16>, UnsafeMutableBufferPointer<Float>) -> Void
  ) -> [Float] {
    var values = [Float](repeating: 42, count: patterns.count)
    patterns.withUnsafeBufferPointer { source in values.withUnsafeMutableBufferPointer { widen(source, $0) } }
    return values
  }

  /// A half by its definition: sign, exponent and mantissa, in double arithmetic.
  private func half(_ pattern: UInt16) -> Double {
    let sign = pattern & 0x8000 == 0 ? 1.0 : -1.0
    let exponent = Int(pattern >> 10 & 0x1f)
    let mantissa = Double(pattern & 0x3ff)
    switch exponent {
    case 0: return sign * scalbn(mantissa, -24)
    case 31: return mantissa == 0 ? sign * .infinity : .nan
    default: return sign * scalbn(1024 + mantissa, exponent - 25)
    }
  }

  @Test func `of all 65,536 IEEE halves: normal, denormal, zeros, infinities, NaN`() {
    let wrong = zip(Self.everyPattern, widened(Self.everyPattern, HalfPrecision.widenF16)).filter { pattern, value in
      let expected = half(pattern)
      if expected.isNaN { return !value.isNaN }
      return Double(value) != expected || value.sign != (pattern & 0x8000 == 0 ? .plus : .minus)
    }
    #expect(wrong.isEmpty, "\(wrong.count) are wrong, the first is \(wrong[0])")
  }

  @Test func `of all 65,536 bfloat16 values: the upper half of a float`() {
    let values = widened(Self.everyPattern, HalfPrecision.widenBF16)
    #expect(zip(Self.everyPattern, values).allSatisfy { $1.bitPattern == UInt32($0) << 16 })
  }

  @Test(arguments: [0, 1, 2, 3, 7, 8, 9, 15, 16, 17, 33])
  func `for any number of elements`(count: Int) {
    let ones = [UInt16](repeating: 0x3c00, count: count)
    #expect(widened(ones, HalfPrecision.widenF16) == [Float](repeating: 1, count: count))
    let halves = [UInt16](repeating: 0x3f00, count: count)
    #expect(widened(halves, HalfPrecision.widenBF16) == [Float](repeating: 0.5, count: count))
  }
}
