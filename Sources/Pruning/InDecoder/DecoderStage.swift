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
  private var before: (strategy: any PruningStrategy, budget: Budget)?

  init(_ method: Method, after before: (strategy: any PruningStrategy, budget: Budget)? = nil) {
    self.method = method
    self.before = before
  }

  init(options: inout StrategyOptions) throws(PruningError) { method = try Method(options: &options) }

  var inDecoder: (any DecoderPruning)? { method }
  var onFiles: (any PruningStrategy)? { before == nil ? (method as? any RunsOnFiles)?.onFiles : nil }
  var beforeDecoder: any PruningStrategy { before?.strategy ?? KeepEverything() }

  func evidence(on tower: TowerDescription) throws(PruningError) -> Evidence {
    guard let before else { return .none }
    return try StrategyRunner.evidence(for: before.strategy, on: tower)
  }

  func evidence(for picture: PictureDescription) throws(PruningError) -> Evidence {
    guard let before else { return .none }
    return try StrategyRunner.evidence(for: before.strategy, of: picture, keeping: before.budget)
  }

  func resolved(on tower: TowerDescription) throws(PruningError) -> StrategySpec {
    throw .needsDecoder(strategy: Self.name)
  }

  func resolved(on tower: TowerDescription, decoder: DecoderDescription) throws(PruningError) -> StrategySpec {
    let spec = try method.resolved(on: decoder)
    guard let before else { return spec }
    let first = try before.strategy.resolved(on: tower)
    let keep = StrategySpec.Option(name: "keep", value: before.budget.description)
    let firstStage = StrategySpec(name: first.name, options: [keep] + first.options)
    return StrategySpec(name: "\(firstStage) + \(spec.name)", options: spec.options)
  }

  func warnings(on tower: TowerDescription) -> [String] { before?.strategy.warnings(on: tower) ?? [] }

  func plan(
    _ image: EncodedImage, question: QuestionEvidence, keeping budget: Budget, in context: inout PlanContext
  ) throws(PruningError) -> ImagePlan {
    let total = image.picture.visualTokens
    guard let before, !(try before.budget.validated(for: total).isEverything(of: total)) else {
      return .dense(of: image.picture)
    }
    return try before.strategy.plan(image, question: question, keeping: before.budget, in: &context)
  }
}

extension StrategyCatalogue {
  /// The parts of "A + B". Names may end with plus signs, so only one after a space or a parenthesis joins.
  static func stages(of text: String) -> [String] {
    var parts = [""]
    var depth = 0
    for character in text {
      depth += character == "(" ? 1 : character == ")" ? -1 : 0
      if character == "+", depth == 0, let last = parts[parts.count - 1].last, last == " " || last == ")" {
        parts.append("")
      } else {
        parts[parts.count - 1].append(character)
      }
    }
    return parts
  }

  /// Makes "A(keep=N, …) + B(…)": A between tower and decoder, B inside the decoder.
  func joined(_ parts: [String]) throws(PruningError) -> any PruningStrategy {
    let first = try WrittenSpec(parsing: parts[0])
    let second = try WrittenSpec(parsing: parts[1])
    for name in [first.name, second.name] where !everyName.contains(name) {
      throw .unknownStrategy(name, valid: everyName)
    }
    guard parts.count == 2, decoderMethods.names.contains(second.name),
      let type = strategies.first(where: { $0.name == first.name }), type.prunes
    else { throw .cannotJoin(parts.map { String(WrittenSpec.trimmed($0[...])) }, inside: decoderMethods.names) }
    guard let keep = first.options.first(where: { $0.name == "keep" })?.value else {
      throw .stageWithoutBudget(strategy: first.name, method: second.name)
    }
    var options = try StrategyOptions(
      strategy: first.name, written: first.options.filter { $0.name != "keep" })
    let strategy = try type.init(options: &options)
    try options.checkAllRead()
    return Self.stage(try decoderMethods.make(parsing: parts[1]), after: (strategy, try Budget(parsing: keep)))
  }

  static func stage<Method: DecoderPruning>(
    _ method: Method, after before: (strategy: any PruningStrategy, budget: Budget)? = nil
  ) -> any PruningStrategy { DecoderStage(method, after: before) }
}
