/// Every strategy, by name. A new one is a file in Strategies/ and a line here.
public enum StrategyCatalogue {
  public static let all: [any PruningStrategy.Type] = [
    KeepEverything.self,
    RandomChoice.self,
    UniformGrid.self,
    Downsample.self,
    FasterVLM.self,
    VTCCLS.self,
    HiPrune.self,
    HiPrunePlusPlus.self,
    FoPru.self,
    GlobalCom2.self,
  ]

  /// In the order of the catalogue.
  public static var names: [String] { all.map { $0.name } }

  /// Makes a strategy of `name` or `name(option=value, …)`.
  /// - Throws: `malformedSpec`, `unknownStrategy`, or what is wrong with an option.
  public static func make(parsing text: String) throws(PruningError) -> any PruningStrategy {
    let written = try WrittenSpec(parsing: text)
    guard let type = all.first(where: { $0.name == written.name }) else {
      throw .unknownStrategy(written.name, valid: names)
    }
    var options = try StrategyOptions(strategy: written.name, written: written.options)
    let strategy = try type.init(options: &options)
    try options.checkAllRead()
    return strategy
  }

  /// What a budget alone means: the strategy that works on every tower.
  public static let standard = HiPrune.name

  /// Makes the strategy that `text` names; without a name `standard`, or `none` where everything is kept.
  public static func make(
    parsing text: String?, keeping budget: Budget
  ) throws(PruningError) -> any PruningStrategy {
    try make(parsing: text ?? (budget == .all ? KeepEverything.name : standard))
  }

  /// Names of the strategies that prune on `tower`.
  public static func names(workingOn tower: TowerDescription) -> [String] {
    all.filter { $0 != KeepEverything.self && (tower.hasClassToken || !$0.needsClassToken) }.map { $0.name }
  }
}
