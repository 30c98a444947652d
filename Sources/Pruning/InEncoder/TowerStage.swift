/// A method inside the tower, in the place of a strategy. The tower runs it: without a model there is nothing to plan.
struct TowerStage<Method: TokenReduction>: TowerReducing {
  static var name: String { Method.name }
  static var summary: String { Method.summary }
  static var options: [OptionDescription] { Method.options }
  static var needsClassToken: Bool { Method.needsClassToken }
  static var findsOwnBudget: Bool { true }
  static var ownBudgetOption: String? { Method.ownBudgetOption }

  private let method: Method
  let stages: TowerStages

  init(options: inout StrategyOptions) throws(PruningError) {
    self.init(try Method(options: &options), budget: nil, between: nil, decoder: nil)
  }

  private init(_ method: Method, budget: Budget?, between: SpecStage?, decoder: (any DecoderPruning)?) {
    self.method = method
    stages = TowerStages(
      reduction: method, between: between?.strategy, decoder: decoder, towerBudget: budget,
      betweenBudget: between?.budget)
  }

  func joined(_ budget: Budget?, between: SpecStage?, decoder: (any DecoderPruning)?) -> any PruningStrategy {
    TowerStage(method, budget: budget, between: between, decoder: decoder)
  }

  var inDecoder: (any DecoderPruning)? { stages.decoder }
  var beforeDecoder: any PruningStrategy {
    stages.between ?? TowerStage(method, budget: nil, between: nil, decoder: nil)
  }

  func evidence(on tower: TowerDescription) throws(PruningError) -> Evidence {
    _ = try method.resolved(on: tower)
    guard let between = stages.between else { return .none }
    return try StrategyRunner.evidence(for: between, on: tower)
  }

  func resolved(on tower: TowerDescription) throws(PruningError) -> StrategySpec {
    guard stages.decoder == nil else { throw .needsDecoder(strategy: Self.name) }
    return try resolved(on: tower, last: nil)
  }

  func resolved(on tower: TowerDescription, decoder: DecoderDescription) throws(PruningError) -> StrategySpec {
    try resolved(on: tower, last: try stages.decoder?.resolved(on: decoder))
  }

  private func resolved(on tower: TowerDescription, last: StrategySpec?) throws(PruningError) -> StrategySpec {
    var specs = [try method.resolved(on: tower)]
    let isJoined = stages.between != nil || last != nil
    if isJoined, stages.towerBudget != nil || !method.setsOwnBudget {
      specs[0] = specs[0].keeping(stages.towerBudget)
    }
    if let between = stages.between {
      let spec = try between.resolved(on: tower)
      specs.append(last == nil ? spec : spec.keeping(stages.betweenBudget))
    }
    return StrategySpec.joined(specs + (last.map { [$0] } ?? []))
  }

  func warnings(on tower: TowerDescription) -> [String] { stages.between?.warnings(on: tower) ?? [] }

  func plan(
    _ image: EncodedImage, question: QuestionEvidence, keeping budget: Budget, in context: inout PlanContext
  ) throws(PruningError) -> ImagePlan {
    throw .needsTower(strategy: Self.name)
  }
}
