import Foundation

/// Maps values to pixels, with round tick marks.
struct ChartScale {
  let values: ClosedRange<Double>
  let pixels: (from: Double, to: Double)

  func callAsFunction(_ value: Double) -> Double {
    let span = values.upperBound - values.lowerBound
    return pixels.from + (span > 0 ? (value - values.lowerBound) / span : 0.5) * (pixels.to - pixels.from)
  }

  /// A range between two round marks that contains the values, and the distance between marks.
  static func round(_ low: Double, _ high: Double, marks: Int) -> (range: ClosedRange<Double>, step: Double) {
    let span = max(high - low, 1e-9)
    let magnitude = pow(10, floor(log10(span / Double(marks))))
    let step = [1, 2, 5, 10].map { $0 * magnitude }.first { span / $0 <= Double(marks) } ?? 10 * magnitude
    return (floor(low / step + 1e-9) * step...max(ceil(high / step - 1e-9), floor(low / step) + 1) * step, step)
  }

  static func marks(_ range: ClosedRange<Double>, step: Double) -> [Double] {
    let count = Int(((range.upperBound - range.lowerBound) / step).rounded())
    return (0...count).map { range.lowerBound + Double($0) * step }
  }
}

/// Positions of neighbouring labels, moved apart where they would overlap.
enum LabelPlaces {
  /// - Parameters:
  ///   - wanted: the preferred position of each label.
  ///   - gap: the smallest distance between two labels.
  static func apart(_ wanted: [Double], gap: Double, within range: ClosedRange<Double>) -> [Double] {
    let order = wanted.indices.sorted { (wanted[$0], $0) < (wanted[$1], $1) }
    var places = wanted
    var last = range.lowerBound - gap
    for index in order {
      places[index] = max(wanted[index], last + gap)
      last = places[index]
    }
    var next = range.upperBound + gap
    for index in order.reversed() {
      places[index] = min(places[index], next - gap)
      next = places[index]
    }
    return places
  }
}
