import Foundation

/// Figures formatted for people; programs get every digit.
enum Figure {
  /// "97.4"
  static func percent(_ share: Double?) -> String { share.map { String(format: "%.1f", $0 * 100) } ?? "–" }

  /// "95.1–99.8"
  static func percent(_ interval: ClosedRange<Double>?) -> String {
    interval.map { "\(percent($0.lowerBound))–\(percent($0.upperBound))" } ?? "–"
  }

  /// "0.0213", "< 0.0001"
  static func probability(_ value: Double?) -> String {
    value.map { $0 < 0.0001 ? "< 0.0001" : String(format: "%.4f", $0) } ?? "–"
  }

  static func count(_ value: Double?) -> String {
    value.map { String(format: $0 == $0.rounded() ? "%.0f" : "%.1f", $0) } ?? "–"
  }

  /// The shortest text that gives the same value when read; empty for nil.
  static func exact(_ value: Double?) -> String {
    guard let value else { return "" }
    return Int(exactly: value).map(String.init) ?? "\(value)"
  }
}
