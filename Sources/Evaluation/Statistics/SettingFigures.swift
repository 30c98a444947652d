/// One setting's figures over a set of questions.
public struct SettingFigures: Sendable {
  /// Number of questions.
  public let n: Int
  /// Number of questions that failed; they count as wrong.
  public let failed: Int
  /// Mean grade, with Wilson's 95 % interval.
  public let accuracy: Double
  public let interval: ClosedRange<Double>
  /// Share of the dense accuracy on the same questions, with its 95 % interval and one-sided 95 % bound; nil if the
  /// dense accuracy is 0.
  public fileprivate(set) var retained: Double?
  public fileprivate(set) var retainedInterval: ClosedRange<Double>?
  public fileprivate(set) var lower: Double?
  /// McNemar's exact test against the dense setting and against `random` at the same budget; nil if there is nothing
  /// to compare with, or if some grade is neither 0 nor 1.
  public fileprivate(set) var pNone: Double?
  public fileprivate(set) var pRandom: Double?
  /// The same, with Holm's correction over all settings.
  public fileprivate(set) var pNoneHolm: Double?
  public fileprivate(set) var pRandomHolm: Double?
  /// Number of questions with a better grade than the dense setting's, and with a worse one.
  public let wins: Int
  public let losses: Int
  /// Means over the questions whose rows have the value.
  public let visualTokens: Double?
  public let kept: Double?
  /// Kept ÷ visual tokens, over all questions.
  public let keepRatio: Double?
  /// Mean milliseconds by stage, over the rows that have them.
  public let times: [String: Double]

  private init(_ setting: GradedRun.Setting, dense: GradedRun.Setting, at places: [Int]) {
    func mean(_ values: [Double]) -> Double? { GradedRun.Setting.mean(places.map { values[$0] }) }
    n = places.count
    failed = places.count { setting.failed.contains($0) }
    accuracy = places.reduce(0) { $0 + setting.grades[$1] } / Double(n)
    interval = Proportion.interval(around: accuracy, of: n)
    wins = places.count { setting.grades[$0] > dense.grades[$0] }
    losses = places.count { setting.grades[$0] < dense.grades[$0] }
    visualTokens = mean(setting.visualTokens)
    kept = mean(setting.kept)
    keepRatio =
      if let kept, let visualTokens, visualTokens > 0 { kept / visualTokens } else { nil }
    times = setting.times.compactMapValues(mean)
  }

  /// Figures of every setting over the questions at `places`.
  static func all(of run: GradedRun, at places: [Int], options: StatisticsOptions) -> [SettingFigures] {
    let dense = run.settings[run.dense]
    var figures = run.settings.map { SettingFigures($0, dense: dense, at: places) }
    addRetained(to: &figures, of: run, at: places, options: options)
    for (index, setting) in run.settings.enumerated() {
      figures[index].pNone = pValue(setting, dense, at: places)
      figures[index].pRandom = run.random(beside: setting).flatMap { pValue(setting, run.settings[$0], at: places) }
    }
    // Comparing the dense setting with itself is not a test.
    let withNone = HolmCorrection.adjusted(zip(run.settings, figures).map { $0.isDense ? nil : $1.pNone })
    let withRandom = HolmCorrection.adjusted(figures.map(\.pRandom))
    for index in figures.indices {
      figures[index].pNoneHolm = withNone[index]
      figures[index].pRandomHolm = withRandom[index]
    }
    return figures
  }

  private static func addRetained(
    to figures: inout [SettingFigures], of run: GradedRun, at places: [Int], options: StatisticsOptions
  ) {
    let dense = figures[run.dense].accuracy
    guard dense > 0 else { return }
    let units = units(of: run, at: places, cluster: options.cluster)
    func sums(_ setting: GradedRun.Setting) -> [Double] {
      units.map { unit in unit.reduce(0) { $0 + setting.grades[$1] } }
    }
    let ratios = PairedBootstrap(seed: options.seed, replicates: options.replicates)
      .ratios(of: run.settings.map(sums), to: sums(run.settings[run.dense]))
    for index in figures.indices {
      figures[index].retained = figures[index].accuracy / dense
      figures[index].lower = Quantile.of(ratios[index], 0.05)
      if let low = Quantile.of(ratios[index], 0.025), let high = Quantile.of(ratios[index], 0.975) {
        figures[index].retainedInterval = low...high
      }
    }
  }

  /// What the bootstrap draws: indices of questions that go together.
  private static func units(
    of run: GradedRun, at places: [Int], cluster: StatisticsOptions.Cluster
  ) -> [[Int]] {
    switch cluster {
    case .question: return places.map { [$0] }
    case .image:
      let groups = Dictionary(grouping: places) { run.images[$0] ?? "" }
      return groups.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }.map(\.value)
    }
  }

  private static func pValue(_ one: GradedRun.Setting, _ other: GradedRun.Setting, at places: [Int]) -> Double? {
    var (onlyOne, onlyOther) = (0, 0)
    for place in places {
      let (first, second) = (one.grades[place], other.grades[place])
      guard first == 0 || first == 1, second == 0 || second == 1 else { return nil }
      onlyOne += first > second ? 1 : 0
      onlyOther += second > first ? 1 : 0
    }
    return PairedComparison(onlyFirst: onlyOne, onlySecond: onlyOther, count: places.count).pValue
  }
}
