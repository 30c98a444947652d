import Testing

/// Expects two tensors to be equal within `tolerance`, element by element; NaN equals nothing.
///
/// A failure names the tensor, the largest difference, its place (as an index per dimension when `shape` is given) and
/// both values, and says how many elements are off.
/// - Returns: whether they were close, so that a ladder can stop at its first bad rung.
@discardableResult
public func expectClose(
  actual: [Float], expected: [Float], tolerance: Float, label: String, shape: [Int] = [],
  sourceLocation: SourceLocation = #_sourceLocation
) -> Bool {
  guard actual.count == expected.count else {
    Issue.record("\(label): \(actual.count) elements, expected \(expected.count)", sourceLocation: sourceLocation)
    return false
  }
  guard let worst = largestDifference(actual, expected, tolerance: tolerance) else { return true }
  Issue.record(
    """
    \(label): off by \(worst.difference) at \(place(of: worst.index, in: shape)) \
    (\(actual[worst.index]), expected \(expected[worst.index])); \
    \(worst.count) of \(actual.count) elements differ by more than \(tolerance)
    """, sourceLocation: sourceLocation)
  return false
}

/// The worst of the elements beyond a tolerance, and how many there are.
private struct Deviation {
  var index: Int
  var difference: Float
  var count: Int
}

/// Where two arrays of one length differ most; nil when no element differs by more than the tolerance.
private func largestDifference(_ actual: [Float], _ expected: [Float], tolerance: Float) -> Deviation? {
  var worst: Deviation?
  for index in actual.indices where actual[index] != expected[index] {
    let difference = abs(actual[index] - expected[index])
    if difference <= tolerance { continue }
    // NaN fails every comparison, so it counts as the largest possible difference.
    let size = difference.isNaN ? Float.infinity : difference
    var found = worst ?? Deviation(index: index, difference: size, count: 0)
    found.count += 1
    if size > found.difference {
      found.index = index
      found.difference = size
    }
    worst = found
  }
  return worst
}

/// A flat index as one index per dimension, row-major.
private func place(of index: Int, in shape: [Int]) -> String {
  guard !shape.isEmpty, shape.allSatisfy({ $0 > 0 }) else { return "[\(index)]" }
  var rest = index
  var indices: [Int] = []
  for size in shape.reversed() {
    indices.append(rest % size)
    rest /= size
  }
  return "\(Array(indices.reversed()))"
}
