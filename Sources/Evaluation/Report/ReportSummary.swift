/// `summary.md`: the figures for a pull request or a note.
struct ReportSummary {
  let contents: RunContents

  var markdown: String {
    let title = "# What pruning costs \(ForeignText.markdown(contents.description.model))\n"
    let facts = RunFacts.of(contents).map { name, value in "- \(name): \(ForeignText.markdown(value))" }
    let parts = [title, unfinished, facts.joined(separator: "\n") + "\n", contents.statistics.markdown(), clustered]
    return parts.compactMap { $0 }.joined(separator: "\n")
  }

  private var unfinished: String? {
    guard !contents.isFinished, let total = contents.description.rowCount else { return nil }
    return "**This run is not finished: \(contents.rowCount) of \(total) rows are there.**\n"
  }

  /// Questions about one image are not independent of each other.
  private var clustered: String? {
    guard let clustered = contents.clustered else { return nil }
    let rows = clustered.rows.map { row in
      [
        ForeignText.plain(row.strategy), ForeignText.plain(row.keep), Figure.percent(row.overall.retained),
        Figure.percent(row.overall.retainedInterval), "\(row.overall.n)",
      ]
    }
    return "With images drawn instead of questions, each with all of its questions:\n\n"
      + StatisticsReport.markdown([["strategy", "keep", "retained %", "95% interval", "n"]] + rows)
  }
}
