/// A table of the page. It scrolls on its own and can be reached by keyboard.
struct PageTable {
  enum Cell {
    case number(String)
    /// Foreign text.
    case text(String)
    /// Foreign text that may be long.
    case long(String)
    case markup(String)
  }

  let caption: String
  let head: [String]
  /// Indices of the columns that contain text.
  var textColumns: Set<Int> = [0, 1]
  /// The first cell of a row is its head, an element.
  private var rows: [(head: String, cells: [Cell])] = []

  init(caption: String, head: [String], textColumns: Set<Int> = [0, 1]) {
    self.caption = caption
    self.head = head
    self.textColumns = textColumns
  }

  /// - Parameter head: foreign text.
  mutating func add(_ head: String, _ cells: [Cell]) {
    rows.append((Markup.element("th", [("scope", "row")], Markup.isolated(head)), cells))
  }

  /// Adds a row of a strategy, whose name stands out before its options.
  /// - Parameter spec: foreign text.
  mutating func add(spec: String, _ cells: [Cell]) {
    let spec = ForeignText.shortened(spec, most: 400)
    guard let open = spec.unicodeScalars.firstIndex(of: "(") else { return add(spec, cells) }
    let name = ForeignText.html(String(spec.unicodeScalars[..<open]))
    let options = Markup.element(
      "span", [("class", "options")], ForeignText.html(String(spec.unicodeScalars[open...])))
    rows.append(
      (Markup.element("th", [("scope", "row"), ("class", "spec")], Markup.element("bdi", [], name + options)), cells))
  }

  var html: String {
    let heads = head.enumerated().map { index, text in
      Markup.element(
        "th", [("scope", "col")] + (textColumns.contains(index) ? [("class", "text")] : []), ForeignText.html(text))
    }
    let body = rows.map { row in
      "<tr>" + row.head + row.cells.map(Self.html).joined() + "</tr>\n"
    }
    let table =
      Markup.element("caption", [], ForeignText.html(caption))
      + "\n<thead><tr>\(heads.joined())</tr></thead>\n<tbody>\n"
      + "\(body.joined())</tbody>"
    return Self.scrolling(Markup.element("table", [], table), label: caption)
  }

  /// Wraps content that may be wider than a narrow page.
  static func scrolling(_ content: String, label: String, kind: String = "scroll") -> String {
    Markup.element(
      "div", [("class", kind), ("role", "region"), ("aria-label", label), ("tabindex", "0")], content) + "\n"
  }

  private static func html(_ cell: Cell) -> String {
    switch cell {
    case .number(let text): Markup.element("td", [], ForeignText.html(text))
    case .text(let text): Markup.element("td", [("class", "text")], Markup.isolated(text))
    case .long(let text): Markup.element("td", [("class", "long")], Markup.isolated(text))
    case .markup(let markup): Markup.element("td", [], markup)
    }
  }
}
