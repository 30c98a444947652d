import Evaluation

extension StatisticsReport {
  /// Columns for a terminal; the smallest budgets below, where they were asked for.
  func table() -> String {
    TextTable.render(cells) + (smallestCells.map { "\n" + TextTable.render($0) } ?? "")
  }
}
