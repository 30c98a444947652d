/// Which source positions make each output position along one axis, and with what weight: Pillow's `precompute_coeffs`
/// and `normalize_coeffs_8bpc`, for a range of the output only.
struct ResamplingWeights {
  /// Weights are multiples of 2^-22: 32 bits less 8 for a sample and 2 for the overshoot of negative lobes.
  static let precisionBits: Int32 = 32 - 8 - 2

  /// The output positions that this table is for, of the whole axis.
  let output: Range<Int>
  /// First source position of each output position.
  private(set) var starts: [Int] = []
  /// Number of source positions of each output position.
  private(set) var counts: [Int] = []
  /// `stride` weights for each output position; those beyond its count are unused.
  private(set) var weights: [Int32] = []
  /// Largest possible count.
  let stride: Int

  /// `output` is the range of positions wanted, of `outputSize` that the whole axis would have.
  init(sourceSize: Int, outputSize: Int, output: Range<Int>, filter: ResamplingFilter) {
    self.output = output
    // Pillow's box is made of C floats, which matters only beyond 2^24.
    let scale = Double(Float(sourceSize)) / Double(outputSize)
    let filterScale = max(scale, 1)
    let support = filter.support * filterScale
    let inverseScale = 1 / filterScale
    stride = Int(support.rounded(.up)) * 2 + 1
    starts.reserveCapacity(output.count)
    counts.reserveCapacity(output.count)
    weights.reserveCapacity(output.count * stride)
    var raw = [Double](repeating: 0, count: stride)
    for position in output {
      let center = (Double(position) + 0.5) * scale
      let start = max(Int(center - support + 0.5), 0)
      let count = min(Int(center + support + 0.5), sourceSize) - start
      var sum = 0.0
      for index in 0..<count {
        raw[index] = filter.weight(at: (Double(index + start) - center + 0.5) * inverseScale)
        sum += raw[index]
      }
      starts.append(start)
      counts.append(count)
      for index in 0..<stride {
        weights.append(index < count ? Self.fixedPoint(sum == 0 ? raw[index] : raw[index] / sum) : 0)
      }
    }
  }

  /// All source positions that are read, from first to last.
  var sources: Range<Int> { sources(of: output) }

  /// The source positions that outputs `range`, a part of `output`, read, from first to last.
  func sources(of range: Range<Int>) -> Range<Int> {
    let first = range.lowerBound - output.lowerBound
    let last = range.upperBound - 1 - output.lowerBound
    return starts[first]..<(starts[last] + counts[last])
  }

  /// Source positions and weights of one output position.
  func terms(of position: Int) -> Zip2Sequence<Range<Int>, ArraySlice<Int32>> {
    let index = position - output.lowerBound
    let start = starts[index]
    let first = index * stride
    return zip(start..<(start + counts[index]), weights[first..<(first + counts[index])])
  }

  /// Rounds half away from zero, by truncation, as C does.
  private static func fixedPoint(_ weight: Double) -> Int32 {
    let scaled = weight * Double(Int32(1) << precisionBits)
    return Int32(weight < 0 ? scaled - 0.5 : scaled + 0.5)
  }
}
