extension StrategyCatalogue {
  /// Every strategy of this package. A new one is a file in Strategies/, BeforeEncoder/ or InEncoder/ and a line
  /// here.
  public static let standard = StrategyCatalogue([
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
    VisionZip.self,
    PruMerge.self,
    PruMergePlus.self,
    VisPruner.self,
    DivPrune.self,
    CDPruner.self,
    DART.self,
    Scope.self,
    HoloV.self,
    Trim.self,
    MMTok.self,
    PruneSID.self,
    ZooPrune.self,
    CenPrune.self,
    TextMonkey.self,
    PixelPrune.self,
    TowerStage<ToMe>.self,
    TowerStage<EViT>.self,
  ])

  /// The strategy when only a budget is given: one that works on every tower.
  public static let defaultName = HiPrune.name

  /// The budget where none is given: the number that the strategy which `text` names finds itself, or everything.
  public func budgetOfItsOwn(parsing text: String?) -> Budget {
    guard let written = text.flatMap({ try? WrittenSpec(parsing: $0) }),
      let type = strategies.first(where: { $0.name == written.name }), type.findsOwnBudget
    else { return .all }
    guard let option = type.ownBudgetOption else { return .adaptive }
    return written.options.contains { $0.name == option && $0.value != "auto" } ? .adaptive : .all
  }

  /// Makes the strategy that `text` names; without a name the default one, or `none` if everything is kept.
  public func make(parsing text: String?, keeping budget: Budget) throws(PruningError) -> any PruningStrategy {
    try make(parsing: text ?? (budget == .all ? KeepEverything.name : Self.defaultName))
  }
}
