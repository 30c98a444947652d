/// What a reader must know beside the figures.
extension StatisticsReport {
  /// A line each, for a terminal.
  public var noteLines: [String] { notes.map(ForeignText.plain) }

  /// A few sentences each, for people; they hold foreign text.
  var notes: [String] { [failureNote, widthNote].compactMap { $0 } + smallestNotes }

  private static func name(_ row: Row) -> String {
    ForeignText.shortened("\(row.strategy) at \(row.keep)", most: 200)
  }

  private var failureNote: String? {
    let failed = rows.filter { $0.overall.failed > 0 }
    guard !failed.isEmpty else { return nil }
    let counts = failed.map { "\(Self.name($0)) \($0.overall.failed) of \($0.overall.n)" }.joined(separator: ", ")
    return "Failed questions, which count as wrong: \(counts). "
      + "One that fails without pruning too costs both accuracies, so that retained does not show it."
  }

  /// The bootstrap draws only what it has seen: where no draw can differ, it says nothing about chance.
  private var widthNote: String? {
    let settings = rows.filter { row in
      row.strategy != "none" && row.overall.retainedInterval.map { $0.lowerBound == $0.upperBound } == true
    }
    guard !settings.isEmpty else { return nil }
    let unchanged = settings.allSatisfy { $0.overall.wins == 0 && $0.overall.losses == 0 }
    return "Intervals of retained without width: \(settings.map(Self.name).joined(separator: ", ")). "
      + (unchanged ? "No question changed" : "No draw differs from another")
      + ": the interval says nothing about others."
  }

  private var smallestNotes: [String] {
    guard let smallest, let share = options.atLeast else { return [] }
    let percent = "\(Figure.percent(share))%"
    let rule =
      "Smallest keep: the smallest budget such that it and every larger one keep at least \(percent) of the unpruned "
      + "accuracy, by the one-sided 95% bound."
    // Budgets are tried from the largest down, which comes first among a strategy's rows.
    let failures = rows.filter { row in
      smallest[row.strategy].map { $0.keep == nil } == true
        && rows.first { $0.strategy == row.strategy }?.keep == row.keep
    }
    return [rule]
      + failures.map { row in
        let reason =
          row.overall.lower.map { "the bound at its largest budget, \(row.keep), is \(Figure.percent($0))%" }
          ?? "no unpruned answer is right"
        return "None holds for \(ForeignText.shortened(row.strategy, most: 200)): \(reason)."
      }
  }
}
