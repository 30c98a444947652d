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

  /// Makes "A(keep=N, …) + B(keep=N, …) + C(…)": A inside the tower, B between tower and decoder, C inside the decoder,
  /// one of which may be missing. A `keep` that is missing, or auto, is twice what the next stage keeps.
  func joined(_ parts: [String]) throws(PruningError) -> any PruningStrategy {
    var written: [WrittenSpec] = []
    for part in parts { written.append(try WrittenSpec(parsing: part)) }
    for spec in written where !everyName.contains(spec.name) {
      throw .unknownStrategy(spec.name, valid: everyName)
    }
    func refusal() -> PruningError {
      .cannotJoin(parts.map { String(WrittenSpec.trimmed($0[...])) }, inside: decoderMethods.names)
    }
    var rest = Array(zip(written, parts))
    var decoder: (any DecoderPruning)?
    if let last = rest.last, decoderMethods.names.contains(last.0.name) {
      decoder = try decoderMethods.make(parsing: last.1)
      rest.removeLast()
    }
    var stages: [SpecStage] = []
    for (index, spec) in rest.map(\.0).enumerated() {
      guard let type = strategies.first(where: { $0.name == spec.name }), type.prunes else { throw refusal() }
      let isLast = index == rest.count - 1 && decoder == nil
      stages.append(isLast ? SpecStage(strategy: try make(type, spec.options), budget: nil) : try stage(type, spec))
    }
    guard let first = stages.first, stages.count <= 2 else { throw refusal() }
    guard let tower = first.strategy as? any TowerReducing else {
      guard stages.count == 1, let decoder else { throw refusal() }
      return Self.stage(decoder, after: first)
    }
    let between = stages.dropFirst().first
    if let strategy = between?.strategy {
      guard !(strategy is any TowerReducing), !(strategy is any BeforeEncoderPruning) else { throw refusal() }
      if strategy.readsGrid {
        throw .needsGrid(strategy: type(of: strategy).name, after: type(of: tower).name)
      }
    }
    return tower.joined(first.budget, between: between, decoder: decoder)
  }

  /// A stage before the last one.
  private func stage(_ type: any PruningStrategy.Type, _ written: WrittenSpec) throws(PruningError) -> SpecStage {
    let keeps = written.options.filter { $0.name == "keep" }
    if keeps.count > 1 { throw .duplicateOption("keep", strategy: written.name) }
    let strategy = try make(type, written.options.filter { $0.name != "keep" })
    guard let keep = keeps.first?.value, keep != "auto" else { return SpecStage(strategy: strategy, budget: nil) }
    return SpecStage(strategy: strategy, budget: try Budget(parsing: keep))
  }

  private func make(
    _ type: any PruningStrategy.Type, _ written: [(name: String, value: String)]
  ) throws(PruningError) -> any PruningStrategy {
    var options = try StrategyOptions(strategy: type.name, written: written)
    let strategy = try type.init(options: &options)
    try options.checkAllRead()
    return strategy
  }

  static func stage<Method: DecoderPruning>(
    _ method: Method, after before: SpecStage? = nil
  ) -> any PruningStrategy { DecoderStage(method, after: before) }
}

extension StrategySpec {
  /// The same of a stage in a joined spec.
  func keeping(_ budget: Budget?) -> StrategySpec {
    StrategySpec(name: name, options: [Option(name: "keep", value: budget?.description ?? "auto")] + options)
  }

  /// "A(…) + B(…)": all but the last stage stand in the name.
  static func joined(_ stages: [StrategySpec]) -> StrategySpec {
    precondition(!stages.isEmpty, "a spec has a stage")
    let last = stages[stages.count - 1]
    let name = (stages.dropLast().map(\.description) + [last.name]).joined(separator: " + ")
    return StrategySpec(name: name, options: last.options)
  }
}
