/// A training-free pruning method: which evidence it reads and which tokens it keeps. One file and one catalogue line
/// each. It declares evidence and never fetches it; it returns a plan and touches no tensor of the model.
public protocol PruningStrategy: Sendable {
  /// The command line's spelling.
  static var name: String { get }
  /// One line, with the paper.
  static var summary: String { get }
  /// Whether it reads the class token's attention, so that towers without one cannot serve.
  static var needsClassToken: Bool { get }
  /// Whether it can keep less than everything; a baseline that cannot says false.
  static var prunes: Bool { get }
  /// Reads its options, "alpha=0.1, object=8"; what it leaves unread is reported as unknown by the parser.
  init(options: inout StrategyOptions) throws(PruningError)
  /// What it needs on this tower. Defaults and negative layers are resolved here, before any compute.
  func evidence(on tower: TowerDescription) throws(PruningError) -> Evidence
  /// The canonical spec on this tower: the name with every option spelled out.
  func resolved(on tower: TowerDescription) throws(PruningError) -> StrategySpec
  /// What a user should know before trusting the result on this tower, a line each.
  func warnings(on tower: TowerDescription) -> [String]
  /// Decides. `budget` is never everything: `StrategyRunner` bypasses the strategy then.
  /// - Parameter question: what `evidence(on:)` asks of the question.
  func plan(
    _ image: EncodedImage, question: QuestionEvidence, keeping budget: Budget, in context: inout PlanContext
  ) throws(PruningError) -> ImagePlan
}

extension PruningStrategy {
  public static var needsClassToken: Bool { false }
  public static var prunes: Bool { true }

  public func warnings(on tower: TowerDescription) -> [String] { [] }

  /// The block that option `option` names on this tower.
  /// - Throws: `layerOutOfRange`.
  public func block(_ layer: Int, option: String, on tower: TowerDescription) throws(PruningError) -> Int {
    guard let block = tower.resolve(layer: layer) else {
      throw .layerOutOfRange(layer, option: option, strategy: Self.name, depth: tower.depth)
    }
    return block
  }
}
