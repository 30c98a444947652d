import Foundation

/// An SVG under construction. Colours and fonts come from CSS classes, so that a page's style covers light and dark.
struct ChartCanvas {
  static let colours = 8
  let identifier: String
  let width: Double
  let height: Double
  private(set) var content = ""

  init(identifier: String, width: Double, height: Double) {
    self.identifier = identifier
    self.width = width
    self.height = height
  }

  static func number(_ value: Double) -> String {
    let text = String(format: "%.1f", value)
    return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
  }

  mutating func line(_ class: String, _ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double) {
    add(
      "line",
      [
        ("class", `class`), ("x1", Self.number(x1)), ("y1", Self.number(y1)), ("x2", Self.number(x2)),
        ("y2", Self.number(y2)),
      ])
  }

  mutating func path(_ class: String, _ points: [(x: Double, y: Double)]) {
    let moves = points.enumerated().map { index, point in
      "\(index == 0 ? "M" : "L")\(Self.number(point.x)) \(Self.number(point.y))"
    }
    add("path", [("class", `class`), ("d", moves.joined())])
  }

  /// - Parameter anchor: "start", "middle" or "end".
  mutating func text(
    _ class: String, _ x: Double, _ y: Double, _ text: String, anchor: String = "start", turned: Bool = false
  ) {
    var attributes = [
      ("class", `class`), ("x", Self.number(x)), ("y", Self.number(y)), ("text-anchor", anchor),
    ]
    if turned { attributes.append(("transform", "rotate(-90 \(Self.number(x)) \(Self.number(y)))")) }
    add("text", attributes, ForeignText.html(text))
  }

  /// A mark whose shape identifies it along with its colour, for readers who cannot tell the colours apart.
  /// - Parameter title: shown when the pointer rests on the mark.
  mutating func mark(_ index: Int, _ x: Double, _ y: Double, title: String) {
    let outline: [(Double, Double)] =
      // One further where the colours begin again, so that no two of 32 are alike.
      switch (index + index / Self.colours) % 4 {
      case 1: [(-4, -4), (4, -4), (4, 4), (-4, 4)]
      case 2: [(0, -5.5), (5, 4), (-5, 4)]
      case 3: [(0, -5.5), (5.5, 0), (0, 5.5), (-5.5, 0)]
      default: []
      }
    let title = Markup.element("title", [], ForeignText.html(title))
    let kind = "mark c\(index % Self.colours)"
    if outline.isEmpty {
      add("circle", [("class", kind), ("cx", Self.number(x)), ("cy", Self.number(y)), ("r", "4.5")], title)
    } else {
      let points = outline.map { "\(Self.number(x + $0.0)),\(Self.number(y + $0.1))" }.joined(separator: " ")
      add("polygon", [("class", kind), ("points", points)], title)
    }
  }

  private mutating func add(_ name: String, _ attributes: [(String, String)], _ inner: String = "") {
    content += (inner.isEmpty ? Markup.closed(name, attributes) : Markup.element(name, attributes, inner)) + "\n"
  }

  /// The element, with a title and description for screen readers.
  func svg(title: String, description: String, style: String? = nil) -> String {
    let names = [("title", title), ("desc", description)].map {
      Markup.element($0.0, [("id", "\(identifier)-\($0.0)")], ForeignText.html($0.1))
    }
    return Markup.element(
      "svg",
      [
        ("xmlns", "http://www.w3.org/2000/svg"), ("viewBox", "0 0 \(Self.number(width)) \(Self.number(height))"),
        ("width", Self.number(width)), ("height", Self.number(height)), ("role", "img"),
        ("aria-labelledby", "\(identifier)-title \(identifier)-desc"),
      ],
      "\n" + names.joined(separator: "\n") + "\n" + (style.map { Markup.element("style", [], $0) + "\n" } ?? "")
        + content
    )
  }
}
