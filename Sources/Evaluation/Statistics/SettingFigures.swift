/// One setting's figures over some questions.
public struct SettingFigures: Sendable {
  /// Questions.
  public let n: Int
  /// Mean grade, with Wilson's 95 % interval.
  public let accuracy: Double
  public let interval: ClosedRange<Double>
  /// Share of the dense accuracy on the same questions, with its 95 % interval and its one-sided 95 % bound; nil where
  /// the dense accuracy is 0.
  public fileprivate(set) var retained: Double?
  public fileprivate(set) var retainedInterval: ClosedRange<Double>?
  public fileprivate(set) var lower: Double?
  /// McNemar's exact test against the dense setting and against `random` at the same budget; nil where there is none,
  /// and where grades are not all 0 or 1.
  public fileprivate(set) var pNone: Double?
  public fileprivate(set) var pRandom: Double?
  /// The same with Holm's correction over all settings.
  public fileprivate(set) var pNoneHolm: Double?
  public fileprivate(set) var pRandomHolm: Double?
  /// Questions with a better and with a worse grade than the dense setting's.
  public let wins: Int
  public let losses: Int
  /// Means over questions; nil where rows do not say.
  public let visualTokens: Double?
  public let kept: Double?
  /// Kept ÷ visual tokens, over all questions.
  public let keepRatio: Double?
  /// Mean milliseconds by stage, over the rows that have them.
  public let times: [String: Double]

  private init(_ setting: GradedRun.Setting, dense: GradedRun.Setting, at places: [Int]) {
    func picked(_ values: [Double]?) -> [Double]? { values.map { values in places.map { values[$0] } } }
    func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }
    n = places.count
    accuracy = mean(places.map { setting.grades[$0] })
    interval = Proportion.interval(around: accuracy, of: n)
    wins = places.count { setting.grades[$0] > dense.grades[$0] }
    losses = places.count { setting.grades[$0] < dense.grades[$0] }
    visualTokens = picked(setting.visualTokens).map(mean)
    kept = picked(setting.kept).map(mean)
    keepRatio =
      if let kept, let visualTokens, visualTokens > 0 { kept / visualTokens } else { nil }
    times = setting.times.compactMapValues { times in
      let known = places.map { times[$0] }.filter { !$0.isNaN }
      return known.isEmpty ? nil : mean(known)
    }
  }

  /// Figures of every setting over the questions at some places.
  static func all(of run: GradedRun, at places: [Int], options: StatisticsOptions) -> [SettingFigures] {
    let dense = run.settings[run.dense]
    var figures = run.settings.map { SettingFigures($0, dense: dense, at: places) }
    addRetained(to: &figures, of: run, at: places, options: options)
    for (index, setting) in run.settings.enumerated() {
      figures[index].pNone = pValue(setting, dense, at: places)
      figures[index].pRandom = run.random(beside: setting).flatMap { pValue(setting, run.settings[$0], at: places) }
    }
    // A comparison of the dense setting with itself is no test.
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

  /// What the bootstrap draws: places of questions that go together.
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
