/// The strategies that a program offers, by name.
public struct StrategyCatalogue: Sendable {
  /// In the order in which they are listed.
  public let strategies: [any PruningStrategy.Type]
  /// Methods inside the decoder, which are named like strategies.
  public let decoderMethods: DecoderPruningCatalogue

  public init(_ strategies: [any PruningStrategy.Type], decoderMethods: DecoderPruningCatalogue = .standard) {
    self.strategies = strategies
    self.decoderMethods = decoderMethods
  }

  /// This catalogue followed by other strategies; one whose name is already taken replaces the old one.
  public func adding(_ others: any PruningStrategy.Type...) -> StrategyCatalogue {
    StrategyCatalogue(
      strategies.filter { type in !others.contains { $0.name == type.name } } + others,
      decoderMethods: decoderMethods)
  }

  /// Of the strategies between tower and decoder.
  public var names: [String] { strategies.map { $0.name } }

  /// The same, then those of the methods inside the decoder.
  public var everyName: [String] { names + decoderMethods.names }

  /// What each of them declares, in the order of `everyName`.
  public var descriptions: [MethodDescription] {
    strategies.map { MethodDescription($0, in: self) } + decoderMethods.methods.map { MethodDescription($0) }
  }

  /// Makes a strategy of `name` or `name(option=value, …)`, or of several that act one after another:
  /// `name(keep=…) + method`.
  /// - Throws: `malformedSpec`, `unknownStrategy`, or what is wrong with an option.
  public func make(parsing text: String) throws(PruningError) -> any PruningStrategy {
    let parts = Self.stages(of: text)
    if parts.count > 1 { return try joined(parts) }
    let written = try WrittenSpec(parsing: text)
    guard let type = strategies.first(where: { $0.name == written.name }) else {
      guard decoderMethods.names.contains(written.name) else {
        throw .unknownStrategy(written.name, valid: everyName)
      }
      return Self.stage(try decoderMethods.make(parsing: text))
    }
    var options = try StrategyOptions(strategy: written.name, written: written.options)
    let strategy = try type.init(options: &options)
    try options.checkAllRead()
    return strategy
  }

  /// Names of the strategies that prune by what `tower` gives: those that decide before it are not among them.
  public func names(workingOn tower: TowerDescription) -> [String] {
    strategies.filter { type in
      type.prunes && type.obstacle(hasClassToken: tower.hasClassToken) == nil
        && !(type is any BeforeEncoderPruning.Type) && !(type is any TowerReducing.Type)
    }.map { $0.name }
  }
}
