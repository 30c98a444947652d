/// `statistics --json`.
extension StatisticsReport: Encodable {
  private enum CodingKeys: String, CodingKey {
    case n, seed, replicates, rows
    case atLeast = "at_least"
  }

  private struct AtLeast: Encodable {
    let share: Double
    let confidence = 0.95
    let strategies: [String: Smallest]
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(n, forKey: .n)
    try container.encode(options.seed, forKey: .seed)
    try container.encode(options.replicates, forKey: .replicates)
    try container.encode(rows, forKey: .rows)
    if let smallest, let share = options.atLeast {
      try container.encode(AtLeast(share: share, strategies: smallest), forKey: .atLeast)
    }
  }
}

extension StatisticsReport.Smallest: Encodable {
  private enum CodingKeys: String, CodingKey { case keep, retained, lower }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(keep, forKey: .keep)
    try container.encode(retained, forKey: .retained)
    try container.encode(lower, forKey: .lower)
  }
}

extension StatisticsReport.Row: Encodable {
  private enum CodingKeys: String, CodingKey { case strategy, keep, categories }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(strategy, forKey: .strategy)
    try container.encode(keep, forKey: .keep)
    try container.encode(
      Dictionary(uniqueKeysWithValues: categories.map { ($0.name, $0.figures) }), forKey: .categories)
    try overall.encode(to: encoder)
  }
}

/// An undefined figure is null.
extension SettingFigures: Encodable {
  private enum CodingKeys: String, CodingKey {
    case n, failed, accuracy, interval, retained, lower
    case retainedInterval = "retained_interval"
    case pNone = "p_none"
    case pRandom = "p_random"
    case pNoneHolm = "p_none_holm"
    case pRandomHolm = "p_random_holm"
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(n, forKey: .n)
    try container.encode(failed, forKey: .failed)
    try container.encode(accuracy, forKey: .accuracy)
    try container.encode([interval.lowerBound, interval.upperBound], forKey: .interval)
    try container.encode(retained, forKey: .retained)
    try container.encode(retainedInterval.map { [$0.lowerBound, $0.upperBound] }, forKey: .retainedInterval)
    try container.encode(lower, forKey: .lower)
    try container.encode(pNone, forKey: .pNone)
    try container.encode(pRandom, forKey: .pRandom)
    try container.encode(pNoneHolm, forKey: .pNoneHolm)
    try container.encode(pRandomHolm, forKey: .pRandomHolm)
  }
}
