/// A training-free pruning method: which evidence it reads and which tokens it keeps. One file and one catalogue line each.
/// It declares evidence and never fetches it; it returns a plan and touches no tensor of the model.
public protocol PruningStrategy: Sendable {
  /// The command line's spelling.
  static var name: String { get }
  /// One line, with the paper.
  static var summary: String { get }
  /// Whether it reads the class token's attention, so that towers without one cannot serve.
  static var needsClassToken: Bool { get }
  /// Reads its options, "alpha=0.1, object=8"; what it leaves unread is reported as unknown by the parser.
  init(options: inout StrategyOptions) throws(PruningError)
  /// What it needs on this tower. Defaults and negative layers are resolved here, and a tower that cannot serve is refused
  /// here, before any compute.
  func evidence(on tower: TowerDescription) throws(PruningError) -> Evidence
  /// The canonical spec on this tower: the name with every option spelled out.
  func resolved(on tower: TowerDescription) throws(PruningError) -> StrategySpec
  /// What a user should know before trusting the result on this tower, a line each.
  func warnings(on tower: TowerDescription) -> [String]
  /// Decides. `budget` is never everything: the engine bypasses the strategy then.
  func plan(_ image: EncodedImage, keeping budget: Budget, using random: inout SeededGenerator) throws(PruningError)
    -> ImagePlan
}

extension PruningStrategy {
  public static var needsClassToken: Bool { false }

  public func warnings(on tower: TowerDescription) -> [String] { [] }

  /// Whether it can keep less than everything; `none` cannot.
  public var prunes: Bool { !(self is KeepEverything) }

  /// The block that option `option` names on this tower.
  /// - Throws: `layerOutOfRange`.
  func block(_ layer: Int, option: String, on tower: TowerDescription) throws(PruningError) -> Int {
    guard let block = tower.resolve(layer: layer) else {
      throw .layerOutOfRange(layer, option: option, strategy: Self.name, depth: tower.depth)
    }
    return block
  }

  /// Refuses a tower without a class token and names the strategies that work on it.
  func requireClassToken(on tower: TowerDescription) throws(PruningError) {
    guard tower.hasClassToken else {
      throw .needsClassToken(strategy: Self.name, alternatives: StrategyCatalogue.names(workingOn: tower))
    }
  }
}
