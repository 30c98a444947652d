import Foundation

/// Share of the dense accuracy against the share of tokens kept: one labelled curve per strategy.
struct RetentionChart {
  private struct Point {
    let share: Double
    let keep: String
    let retained: Double
    let interval: ClosedRange<Double>?
  }

  private struct Curve {
    let name: String
    let points: [Point]
  }

  private static let size = (width: 860.0, height: 440.0)
  private let curves: [Curve]
  private let scales: (x: ChartScale, y: ChartScale)
  private let yMarks: [Double]
  /// Whether budgets are spaced evenly because their sizes are unknown.
  private let isOrdinal: Bool

  /// - Returns: nil if the dense accuracy is 0, or if no strategy prunes.
  init?(_ contents: RunContents) {
    let rows = contents.statistics.rows
    let names = StrategyNames(rows.map(\.strategy))
    var shares = zip(contents.run.settings, rows).map { $0.isDense ? 1 : $0.size.share ?? $1.overall.keepRatio }
    isOrdinal = shares.contains(nil)
    if isOrdinal {
      let order = Self.distinct(contents.run.settings.filter { !$0.isDense }.sorted { $0.size < $1.size }.map(\.keep))
      // Each mark is half of the one before; the logarithmic axis spaces them evenly.
      shares = contents.run.settings.map { setting in
        setting.isDense ? 1 : pow(0.5, Double((order.firstIndex(of: setting.keep) ?? 0) + 1))
      }
    }
    let points = zip(rows, shares).compactMap { row, share in
      row.overall.retained.map {
        (row.strategy, Point(share: share ?? 1, keep: row.keep, retained: $0, interval: row.overall.retainedInterval))
      }
    }
    guard let dense = points.first?.1 else { return nil }
    curves = Self.distinct(points.dropFirst().map(\.0)).map { strategy in
      let own = points.filter { $0.0 == strategy }.map(\.1).sorted { $0.share > $1.share }
      return Curve(name: names[strategy], points: own.first?.share == 1 ? own : [dense] + own)
    }
    guard let least = curves.flatMap(\.points).map(\.share).min(), least < 1 else { return nil }
    let all = curves.flatMap(\.points)
    let (range, step) = ChartScale.round(
      all.map { $0.interval?.lowerBound ?? $0.retained }.min() ?? 0,
      all.map { $0.interval?.upperBound ?? $0.retained }.max() ?? 1, marks: 8)
    yMarks = ChartScale.marks(range, step: step)
    scales = (
      ChartScale(values: 0...(-log2(least)), pixels: (96, Self.size.width - 270)),
      ChartScale(values: range, pixels: (Self.size.height - 60, 20))
    )
  }

  private static func distinct(_ texts: [String]) -> [String] {
    var seen: Set<String> = []
    return texts.filter { seen.insert($0).inserted }
  }

  private func x(_ point: Point) -> Double { scales.x(-log2(point.share)) }

  func svg(style: String? = nil) -> String {
    var canvas = ChartCanvas(identifier: "retention", width: Self.size.width, height: Self.size.height)
    drawAxes(&canvas)
    let ends = curves.map { scales.y($0.points[$0.points.count - 1].retained) }
    let labels = LabelPlaces.apart(ends, gap: 19, within: 24...(Self.size.height - 64))
    let spread = min(6, 36 / Double(max(curves.count, 1)))
    for (index, curve) in curves.enumerated() {
      // Shifts intervals apart, so that curves which meet do not cover each other's.
      let shift = (Double(index) - Double(curves.count - 1) / 2) * spread
      draw(curve, index, shift: shift, label: labels[index], on: &canvas)
    }
    let strategies = curves.map(\.name).joined(separator: ", ")
    return canvas.svg(
      title: "Retained accuracy by kept visual tokens",
      description: "A curve with 95 % intervals for each of \(strategies). The table of figures has the numbers.",
      style: style)
  }

  private func drawAxes(_ canvas: inout ChartCanvas) {
    let (left, right) = (scales.x.pixels.from - 20, scales.x.pixels.to + 24)
    let bottom = scales.y.pixels.from
    for mark in yMarks {
      canvas.line("grid", left, scales.y(mark), right, scales.y(mark))
      canvas.text("small", left - 6, scales.y(mark) + 4, Self.percent(mark), anchor: "end")
    }
    canvas.line("axis", left, bottom, right, bottom)
    var last = -Double.infinity
    for point in curves.flatMap(\.points).sorted(by: { $0.share > $1.share }) where x(point) - last > 44 {
      last = x(point)
      canvas.line("axis", last, bottom, last, bottom + 5)
      let label = isOrdinal ? point.keep : Self.percent(point.share)
      canvas.text("small", last, bottom + 20, ForeignText.shortened(label, most: 8), anchor: "middle")
    }
    canvas.text("", (left + right) / 2, bottom + 46, "visual tokens kept", anchor: "middle")
    canvas.text("", 16, (bottom + 20) / 2, "accuracy retained", anchor: "middle", turned: true)
  }

  private func draw(
    _ curve: Curve, _ index: Int, shift: Double, label: Double, on canvas: inout ChartCanvas
  ) {
    let colour = "c\(index % ChartCanvas.colours)"
    let dashed = index >= ChartCanvas.colours ? " dashed" : ""
    let places = curve.points.map { (x: x($0) + ($0.share == 1 ? 0 : shift), y: scales.y($0.retained)) }
    canvas.path("curve \(colour)\(dashed)", places)
    for (point, place) in zip(curve.points, places) {
      if let interval = point.interval, interval.lowerBound < interval.upperBound {
        canvas.line("whisker \(colour)", place.x, scales.y(interval.lowerBound), place.x, scales.y(interval.upperBound))
      }
      let range = point.interval.map { " (\(Figure.percent($0)))" } ?? ""
      canvas.mark(
        index, place.x, place.y, title: "\(curve.name), \(point.keep): \(Figure.percent(point.retained)) %\(range)")
    }
    let end = places[places.count - 1]
    let edge = scales.x.pixels.to + 36
    canvas.line("leader \(colour)", end.x + 7, end.y, edge, label)
    canvas.text("name \(colour)", edge + 5, label + 5, curve.name)
  }

  private static func percent(_ share: Double) -> String { ChartCanvas.number(share * 100) + "%" }
}
