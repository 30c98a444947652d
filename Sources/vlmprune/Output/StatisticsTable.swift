import Evaluation

extension StatisticsReport {
  /// Columns for a terminal; below, the smallest budgets where they were asked for, and the notes.
  func table() -> String {
    TextTable.render(cells) + (smallestCells.map { "\n" + TextTable.render($0) } ?? "")
      + (noteLines.isEmpty ? "" : "\n" + noteLines.map { "\($0)\n" }.joined())
  }
}
