/// Values that stand out: above the third quartile by more than one and a half times the distance of the quartiles.
enum Outliers {
  /// Outliers ÷ values.
  static func share(of values: [Double]) -> Double {
    let sorted = values.sorted()
    let (low, high) = (quantile(0.25, of: sorted), quantile(0.75, of: sorted))
    let limit = high + 1.5 * (high - low)
    return Double(values.count { $0 > limit }) / Double(values.count)
  }

  /// Between the two nearest values, linearly, as NumPy's default.
  private static func quantile(_ share: Double, of sorted: [Double]) -> Double {
    let place = share * Double(sorted.count - 1)
    let low = Int(place)
    let high = min(low + 1, sorted.count - 1)
    return sorted[low] + (sorted[high] - sorted[low]) * (place - Double(low))
  }
}
