/// The figures as tables.
extension StatisticsReport {
  /// Head and rows of a table for people, one row per setting.
  public var cells: [[String]] {
    [
      [
        "strategy", "keep", "kept", "n", "accuracy %", "95% interval", "retained %", "95% interval", "p against none",
        "Holm of \(tests.none)", "p against random", "Holm of \(tests.random)",
      ]
    ]
      + rows.map { row in
        let figures = row.overall
        return [
          ForeignText.plain(row.strategy), ForeignText.plain(row.keep), Figure.count(figures.kept), "\(figures.n)",
          Figure.percent(figures.accuracy), Figure.percent(figures.interval), Figure.percent(figures.retained),
          Figure.percent(figures.retainedInterval), Figure.probability(figures.pNone),
          Figure.probability(figures.pNoneHolm), Figure.probability(figures.pRandom),
          Figure.probability(figures.pRandomHolm),
        ]
      }
  }

  /// Head and rows of the smallest budgets; nil if no share was asked for.
  public var smallestCells: [[String]]? {
    guard let smallest, let share = options.atLeast else { return nil }
    return [["strategy", "smallest keep for \(Figure.percent(share))%", "retained %", "95% bound"]]
      + smallest.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }.map { strategy, found in
        [
          ForeignText.plain(strategy), found.keep.map(ForeignText.plain) ?? "none holds",
          Figure.percent(found.retained), Figure.percent(found.lower),
        ]
      }
  }

  /// A Markdown table, one row per setting, with the notes below it.
  public func markdown() -> String {
    let notes = notes.map { "- \(ForeignText.markdown($0))\n" }
    return Self.markdown(cells) + (notes.isEmpty ? "" : "\n" + notes.joined())
  }

  static func markdown(_ cells: [[String]]) -> String {
    let lines = cells.map { row in "| \(row.map(ForeignText.markdown).joined(separator: " | ")) |" }
    let rule = "|\(String(repeating: "---|", count: cells[0].count))"
    return ([lines[0], rule] + lines.dropFirst()).joined(separator: "\n") + "\n"
  }

  /// `results.csv` (RFC 4180): one row per setting with an empty category, then one per category. The stages' times are
  /// means of what rows hold, so the first setting pays an image's encoding; `first_token_ms` counts it for every
  /// setting.
  public func csv() -> String {
    let stages = Set(rows.flatMap { $0.overall.times.keys }).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    let head =
      [
        "strategy", "keep", "category", "n", "visual_tokens", "kept", "keep_ratio", "accuracy", "accuracy_low",
        "accuracy_high", "retained", "retained_low", "retained_high", "p_none", "p_random",
      ] + stages + (stages.isEmpty ? [] : ["first_token_ms"])
    var lines = [head.map(ForeignText.csv)]
    for (row, firstToken) in zip(rows, firstTokenTimes) {
      lines.append(Self.fields(row, category: "", row.overall, stages, firstToken: firstToken))
      for category in row.categories {
        lines.append(Self.fields(row, category: category.name, category.figures, stages))
      }
    }
    return lines.map { $0.joined(separator: ",") + "\r\n" }.joined()
  }

  private static func fields(
    _ row: Row, category: String, _ figures: SettingFigures, _ stages: [String], firstToken: Double? = nil
  ) -> [String] {
    let numbers: [Double?] =
      [
        figures.visualTokens, figures.kept, figures.keepRatio, figures.accuracy, figures.interval.lowerBound,
        figures.interval.upperBound, figures.retained, figures.retainedInterval?.lowerBound,
        figures.retainedInterval?.upperBound, figures.pNone, figures.pRandom,
      ] + stages.map { figures.times[$0] } + (stages.isEmpty ? [] : [firstToken])
    return [row.strategy, row.keep, category].map(ForeignText.csv) + ["\(figures.n)"] + numbers.map(Figure.exact)
  }
}
