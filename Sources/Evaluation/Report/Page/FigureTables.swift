/// The figures as tables of a page.
struct FigureTables {
  /// The most rows in the table of categories: nobody would read thousands.
  private static let mostCategoryRows = 1500
  /// Scalars of a category's name, which stands in a row for each setting.
  private static let longestCategory = 80

  let contents: RunContents

  /// A share with its interval below it.
  private static func share(_ value: Double?, _ interval: ClosedRange<Double>?) -> PageTable.Cell {
    guard let value else { return .number("–") }
    let range = interval.map { " " + Markup.element("span", [("class", "interval")], "(\(Figure.percent($0)))") } ?? ""
    return .markup(Figure.percent(value) + range)
  }

  var settings: String {
    let tests = contents.statistics.tests
    var table = PageTable(
      caption: "All settings. Shares in %, with 95 % intervals in brackets.",
      head: [
        "Strategy", "Keep", "Kept tokens", "n", "Accuracy", "Retained, over questions", "Retained, over images",
        "95 % bound", "p against none", "Holm of \(tests.none)", "p against random", "Holm of \(tests.random)",
        "First token, ms",
      ])
    for (index, row) in contents.statistics.rows.enumerated() {
      let figures = row.overall
      let clustered = contents.clustered?.rows[index].overall
      let kept = figures.kept.map { "\(Figure.count($0)) of \(Figure.count(figures.visualTokens))" } ?? "–"
      table.add(
        spec: row.strategy,
        [
          .text(row.keep), .number(kept), .number("\(figures.n)"), Self.share(figures.accuracy, figures.interval),
          Self.share(figures.retained, figures.retainedInterval),
          Self.share(clustered?.retained, clustered?.retainedInterval), .number(Figure.percent(figures.lower)),
          .number(Figure.probability(figures.pNone)), .number(Figure.probability(figures.pNoneHolm)),
          .number(Figure.probability(figures.pRandom)), .number(Figure.probability(figures.pRandomHolm)),
          .number(contents.firstTokenTimes[index].map(ChartCanvas.number) ?? "–"),
        ])
    }
    return table.html
  }

  /// nil if questions have no categories.
  var categories: String? {
    let rows = contents.statistics.rows
    guard let known = rows.first?.categories, !known.isEmpty else { return nil }
    // If there are too many categories, only the largest are shown.
    let most = max(Self.mostCategoryRows / rows.count, 1)
    let largest = known.indices.sorted { (known[$1].figures.n, $0) < (known[$0].figures.n, $1) }.prefix(most).sorted()
    var table = PageTable(
      caption: "By category. Shares in %, with 95 % intervals over questions in brackets.",
      head: [
        "Category", "Strategy", "Keep", "n", "Accuracy", "Retained", "95 % bound", "p against none", "Holm in category",
      ],
      textColumns: [0, 1, 2])
    for category in largest {
      for row in rows {
        let figures = row.categories[category].figures
        table.add(
          ForeignText.shortened(row.categories[category].name, most: Self.longestCategory),
          [
            .text(row.strategy), .text(row.keep), .number("\(figures.n)"),
            Self.share(figures.accuracy, figures.interval), Self.share(figures.retained, figures.retainedInterval),
            .number(Figure.percent(figures.lower)), .number(Figure.probability(figures.pNone)),
            .number(Figure.probability(figures.pNoneHolm)),
          ])
      }
    }
    let rest =
      largest.count < known.count
      ? "<p>Of \(known.count) categories, the \(largest.count) with the most questions; all are in results.csv.</p>\n"
      : ""
    return rest + table.html
  }

  /// Questions on which a setting is better or worse than the dense setting.
  var winsAndLosses: String {
    var table = PageTable(
      caption: "Questions answered better (wins) and worse (losses) than without pruning.",
      head: ["Strategy", "Keep", "Losses", "Wins", "Net", "n", "Losses and wins"])
    let rows = contents.statistics.rows.filter { $0.strategy != "none" }
    let most = Double(rows.map { max($0.overall.wins, $0.overall.losses) }.max() ?? 1)
    for row in rows {
      let figures = row.overall
      let net = figures.wins - figures.losses
      table.add(
        spec: row.strategy,
        [
          .text(row.keep), .number("\(figures.losses)"), .number("\(figures.wins)"),
          .number(net > 0 ? "+\(net)" : net < 0 ? "−\(-net)" : "0"), .number("\(figures.n)"),
          .markup(Self.bars(Double(figures.losses) / max(most, 1), Double(figures.wins) / max(most, 1))),
        ])
    }
    return table.html
  }

  /// Bars to the left and right, with their numbers beside them.
  private static func bars(_ losses: Double, _ wins: Double) -> String {
    func bar(_ share: Double) -> String {
      Markup.element("span", [], Markup.element("i", [("style", "width:\(ChartCanvas.number(share * 100))%")]))
    }
    return Markup.element("div", [("class", "bars"), ("aria-hidden", "true")], bar(losses) + bar(wins))
  }
}
