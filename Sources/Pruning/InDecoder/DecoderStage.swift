/// A method inside the decoder, in the place of a strategy. Everything reaches the decoder, or what a strategy before
/// it leaves: "hiprune(keep=128) + pyramiddrop".
struct DecoderStage<Method: DecoderPruning>: PruningStrategy {
  static var name: String { Method.name }
  static var summary: String { Method.summary }
  static var paper: Paper? { Method.paper }
  static var place: PruningPlace { .insideDecoder }
  static var options: [OptionDescription] { Method.options }

  let method: Method
  /// What comes before, and how much it sends.
  private var before: SpecStage?

  init(_ method: Method, after before: SpecStage? = nil) {
    self.method = method
    self.before = before
  }

  init(options: inout StrategyOptions) throws(PruningError) { method = try Method(options: &options) }

  var inDecoder: (any DecoderPruning)? { method }
  var beforeDecoder: any PruningStrategy { before?.strategy ?? KeepEverything() }

  func evidence(on tower: TowerDescription) throws(PruningError) -> Evidence {
    guard let before else { return .none }
    return try StrategyRunner.evidence(for: before.strategy, on: tower)
  }

  func evidence(for picture: PictureDescription) throws(PruningError) -> Evidence {
    guard let before else { return .none }
    guard let budget = before.budget else { return try before.strategy.evidence(for: picture) }
    return try StrategyRunner.evidence(for: before.strategy, of: picture, keeping: budget)
  }

  func resolved(on tower: TowerDescription) throws(PruningError) -> StrategySpec {
    throw .needsDecoder(strategy: Self.name)
  }

  func resolved(on tower: TowerDescription, decoder: DecoderDescription) throws(PruningError) -> StrategySpec {
    let spec = try method.resolved(on: decoder)
    guard let before else { return spec }
    return .joined([try before.strategy.resolved(on: tower).keeping(before.budget), spec])
  }

  func warnings(on tower: TowerDescription) -> [String] { before?.strategy.warnings(on: tower) ?? [] }

  func plan(
    _ image: EncodedImage, question: QuestionEvidence, keeping budget: Budget, in context: inout PlanContext
  ) throws(PruningError) -> ImagePlan {
    let total = image.picture.visualTokens
    guard let before else { return .dense(of: image.picture) }
    let name = type(of: before.strategy).name
    let sent: Budget
    if let own = before.budget { sent = own } else { sent = try budget.twice(of: total, for: name, before: Self.name) }
    guard !(try sent.validated(for: total).isEverything(of: total)) else { return .dense(of: image.picture) }
    return try before.strategy.plan(image, question: question, keeping: sent, in: &context)
  }
}
