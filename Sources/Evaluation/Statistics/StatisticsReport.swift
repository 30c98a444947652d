/// What a run's rows show: each setting's accuracy, its share of the dense accuracy, and tests against the dense
/// setting and against `random`.
public struct StatisticsReport: Sendable {
  /// The smallest budget that keeps a share of the dense accuracy; all nil if none does.
  public struct Smallest: Sendable, Hashable {
    public let keep: String?
    public let retained: Double?
    public let lower: Double?
  }

  public struct Row: Sendable {
    public let strategy: String
    public let keep: String
    public let overall: SettingFigures
    /// Sorted by name.
    public let categories: [(name: String, figures: SettingFigures)]
  }

  public let options: StatisticsOptions
  /// Number of questions.
  public let n: Int
  public let rows: [Row]
  /// Milliseconds to the first token by setting, an image's encoding included, which only the first row about it pays;
  /// nil where rows have no times.
  public let firstTokenTimes: [Double?]
  /// By strategy, without `none`; nil if no share was asked for.
  public let smallest: [String: Smallest]?

  /// - Throws: `EvaluationError` if rows cannot be compared; see `GradedRunBuilder`.
  public init(
    _ rows: [RunRow], options: StatisticsOptions = StatisticsOptions(), file: String
  ) throws(EvaluationError) {
    var builder = GradedRunBuilder(file: file)
    for (index, row) in rows.enumerated() { try builder.add(row, line: index + 1) }
    try self.init(try builder.run(), options: options, file: file)
  }

  /// - Parameter file: the rows' file name in errors.
  /// - Throws: `EvaluationError` if images are drawn and a question has none, or if a smallest budget is asked for and
  ///   a strategy's budgets cannot be ordered.
  public init(
    _ run: GradedRun, options: StatisticsOptions = StatisticsOptions(), file: String
  ) throws(EvaluationError) {
    if options.cluster == .image, let place = run.images.firstIndex(of: nil) {
      throw .unpairedRows(file: file, reason: "question \(run.questions[place]) has no image to draw")
    }
    let overall = SettingFigures.all(of: run, at: Array(run.questions.indices), options: options)
    let groups = run.groups.map {
      (name: $0.name, figures: SettingFigures.all(of: run, at: $0.places, options: options))
    }
    self.options = options
    n = run.questions.count
    rows = run.settings.indices.map { setting in
      Row(
        strategy: run.settings[setting].strategy, keep: run.settings[setting].keep, overall: overall[setting],
        categories: groups.map { (name: $0.name, figures: $0.figures[setting]) })
    }
    firstTokenTimes = FirstTokenTimes.of(run)
    smallest = try options.atLeast.map { (share) throws(EvaluationError) in
      try Self.smallest(keeping: share, run, overall)
    }
  }

  /// How many tests against the dense setting, and against `random`, Holm's correction is over.
  var tests: (none: Int, random: Int) {
    (rows.count { $0.overall.pNoneHolm != nil }, rows.count { $0.overall.pRandomHolm != nil })
  }

  /// Tries budgets from the largest down and stops at the first that fails. To try all and take the smallest that
  /// happens to pass would be wrong more often than a single test.
  private static func smallest(
    keeping share: Double, _ run: GradedRun, _ figures: [SettingFigures]
  ) throws(EvaluationError) -> [String: Smallest] {
    var found: [String: Smallest] = [:]
    var ended: Set<String> = []
    var measures: [String: Set<BudgetSize.Measure>] = [:]
    for (setting, figures) in zip(run.settings, figures) where !setting.isDense {
      let strategy = setting.strategy
      if !setting.size.isEverything { measures[strategy, default: []].insert(setting.size.measure) }
      if let known = measures[strategy], known.count > 1 || known.contains(.unknown) {
        throw .unorderedBudgets(run.settings.filter { $0.strategy == strategy }.map(\.keep), strategy: strategy)
      }
      if found[strategy] == nil { found[strategy] = Smallest(keep: nil, retained: nil, lower: nil) }
      guard !ended.contains(strategy) else { continue }
      if let lower = figures.lower, lower >= share {
        found[strategy] = Smallest(keep: setting.keep, retained: figures.retained, lower: lower)
      } else {
        ended.insert(strategy)
      }
    }
    return found
  }
}
