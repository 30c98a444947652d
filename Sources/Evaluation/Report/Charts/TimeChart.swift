/// Accuracy against time to the first token. Settings that no other setting beats in both are marked.
struct TimeChart {
  private struct Point {
    let strategy: Int
    let label: String
    let time: Double
    let accuracy: Double
    let isOnFront: Bool
  }

  private static let size = (width: 860.0, height: 420.0)
  private let points: [Point]
  private let names: [String]
  private let scales: (x: ChartScale, y: ChartScale)
  private let marks: (x: [Double], y: [Double])

  /// - Returns: nil if the rows have no times.
  init?(_ contents: RunContents) {
    let rows = contents.statistics.rows
    let short = StrategyNames(rows.map(\.strategy))
    let known = zip(rows, contents.firstTokenTimes).compactMap { row, time in time.map { (row, $0) } }
    guard !known.isEmpty else { return nil }
    let front = Self.front(known.map { (time: $0.1, accuracy: $0.0.overall.accuracy) })
    // The dense setting comes last, so that each strategy has the same colour as in the other chart.
    let strategies = rows.map(\.strategy).filter { $0 != "none" } + ["none"]
    var places: [String: Int] = [:]
    for strategy in strategies where places[strategy] == nil { places[strategy] = places.count }
    names = places.sorted { $0.value < $1.value }.map { short[$0.key] }
    points = known.enumerated().map { index, item in
      let (row, time) = item
      let name = short[row.strategy]
      return Point(
        strategy: places[row.strategy] ?? 0, label: row.strategy == "none" ? name : "\(name) \(row.keep)", time: time,
        accuracy: row.overall.accuracy, isOnFront: front.contains(index))
    }
    let x = ChartScale.round(0, points.map(\.time).max() ?? 1, marks: 8)
    let y = ChartScale.round(points.map(\.accuracy).min() ?? 0, points.map(\.accuracy).max() ?? 1, marks: 7)
    marks = (ChartScale.marks(x.range, step: x.step), ChartScale.marks(y.range, step: y.step))
    scales = (
      ChartScale(values: x.range, pixels: (80, Self.size.width - 250)),
      ChartScale(values: y.range, pixels: (Self.size.height - 60, 24))
    )
  }

  /// Indices of the Pareto front: points for which no other is at least as good in both and better in one.
  static func front(_ points: [(time: Double, accuracy: Double)]) -> Set<Int> {
    Set(
      points.indices.filter { one in
        !points.indices.contains { other in
          points[other].time <= points[one].time && points[other].accuracy >= points[one].accuracy
            && (points[other].time < points[one].time || points[other].accuracy > points[one].accuracy)
        }
      })
  }

  func svg(style: String? = nil) -> String {
    var canvas = ChartCanvas(identifier: "time", width: Self.size.width, height: Self.size.height)
    drawAxes(&canvas)
    let front = points.filter(\.isOnFront).sorted { $0.time < $1.time }
    // Drawn as steps, because nothing was measured between two settings.
    var steps: [(x: Double, y: Double)] = []
    for point in front {
      if let last = steps.last { steps.append((scales.x(point.time), last.y)) }
      steps.append((scales.x(point.time), scales.y(point.accuracy)))
    }
    canvas.path("front", steps)
    for point in points {
      canvas.mark(
        point.strategy, scales.x(point.time), scales.y(point.accuracy),
        title: "\(point.label): \(Figure.percent(point.accuracy)) %, \(ChartCanvas.number(point.time)) ms")
    }
    drawFrontLabels(front, on: &canvas)
    for (index, name) in names.enumerated() {
      let y = 36 + Double(index) * 21
      canvas.mark(index, Self.size.width - 205, y - 5, title: name)
      canvas.text("name c\(index % ChartCanvas.colours)", Self.size.width - 192, y, name)
    }
    return canvas.svg(
      title: "Accuracy against time to first token",
      description: "No other setting is both faster and better than \(front.map(\.label).joined(separator: ", ")).",
      style: style)
  }

  private func drawAxes(_ canvas: inout ChartCanvas) {
    let (left, right, bottom) = (scales.x.pixels.from, scales.x.pixels.to, scales.y.pixels.from)
    for mark in marks.y {
      canvas.line("grid", left, scales.y(mark), right, scales.y(mark))
      canvas.text("small", left - 6, scales.y(mark) + 4, ChartCanvas.number(mark * 100) + "%", anchor: "end")
    }
    for mark in marks.x {
      canvas.line("axis", scales.x(mark), bottom, scales.x(mark), bottom + 5)
      let digits = mark == mark.rounded() ? ChartCanvas.number(mark) : Figure.exact((mark * 1000).rounded() / 1000)
      canvas.text("small", scales.x(mark), bottom + 20, digits, anchor: "middle")
    }
    canvas.line("axis", left, bottom, right, bottom)
    canvas.text("", (left + right) / 2, bottom + 46, "time to first token, ms", anchor: "middle")
    canvas.text("", 16, (bottom + 20) / 2, "accuracy", anchor: "middle", turned: true)
  }

  /// Labels go below and beside the mark, or to its left near the edge. A label that would cover another is left out;
  /// the mark's title still names the setting.
  private func drawFrontLabels(_ front: [Point], on canvas: inout ChartCanvas) {
    var taken: [(x: ClosedRange<Double>, y: Double)] = []
    for point in front.reversed() {
      let (x, y) = (scales.x(point.time), scales.y(point.accuracy) + 17)
      let width = Double(point.label.count) * 7
      let isLeft = x + width + 10 > scales.x.pixels.to + 20
      let span = isLeft ? (x - width - 8)...(x - 8) : (x + 8)...(x + 8 + width)
      if taken.contains(where: { $0.x.overlaps(span) && abs($0.y - y) < 14 }) { continue }
      taken.append((span, y))
      canvas.text("small over", isLeft ? x - 8 : x + 8, y, point.label, anchor: isLeft ? "end" : "start")
    }
  }
}
