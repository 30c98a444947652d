/// A training-free pruning method: which evidence it reads and which tokens it keeps. Each is one file and one line of
/// the catalogue. It declares evidence and never fetches it; it returns a plan and touches no tensor of the model.
public protocol PruningStrategy: Sendable {
  /// The command line's spelling.
  static var name: String { get }
  /// One line, with the paper.
  static var summary: String { get }
  /// Where it was published; nil for a baseline.
  static var paper: Paper? { get }
  /// Where it drops tokens.
  static var place: PruningPlace { get }
  /// Whether it reads the class token's attention, so that it cannot work on towers without one.
  static var needsClassToken: Bool { get }
  /// Whether it can keep less than everything; a baseline that cannot says false.
  static var prunes: Bool { get }
  /// Why it cannot work on a family of towers, whatever the checkpoint; nil if it can.
  /// - Parameter hasClassToken: whether the family's towers have one.
  static func obstacle(hasClassToken: Bool) -> String?
  /// Whether it finds its own number of tokens where the budget says `adaptive`.
  static var findsOwnBudget: Bool { get }
  /// The option that it needs for that; nil: none.
  static var ownBudgetOption: String? { get }
  /// Its options, as its initialiser reads them and in the order of the canonical spec.
  static var options: [OptionDescription] { get }
  /// Reads its options, "alpha=0.1, object=8"; the parser reports unread options as unknown.
  init(options: inout StrategyOptions) throws(PruningError)
  /// The evidence that it needs on this tower. Defaults and negative layers are resolved here, before any compute.
  func evidence(on tower: TowerDescription) throws(PruningError) -> Evidence
  /// The evidence that it needs of a picture, where that depends on more than the tower.
  func evidence(for picture: PictureDescription) throws(PruningError) -> Evidence
  /// The canonical spec on this tower: the name with every option spelled out.
  func resolved(on tower: TowerDescription) throws(PruningError) -> StrategySpec
  /// The same of a strategy that may act inside the decoder.
  func resolved(on tower: TowerDescription, decoder: DecoderDescription) throws(PruningError) -> StrategySpec
  /// Whether it reads where tokens lie in their view. Tokens that a tower has merged lie nowhere.
  var readsGrid: Bool { get }
  /// What drops tokens inside the decoder; nil for strategies between tower and decoder. The budget is its own then,
  /// and the plan is what reaches the decoder.
  var inDecoder: (any DecoderPruning)? { get }
  /// What decides between tower and decoder.
  var beforeDecoder: any PruningStrategy { get }
  /// What a user should know before trusting the result on this tower, one line each.
  func warnings(on tower: TowerDescription) -> [String]
  /// Decides what to keep. `budget` is never everything, because `StrategyRunner` then bypasses the strategy.
  /// - Parameter question: the question's evidence that `evidence(on:)` requests.
  func plan(
    _ image: EncodedImage, question: QuestionEvidence, keeping budget: Budget, in context: inout PlanContext
  ) throws(PruningError) -> ImagePlan
}

extension PruningStrategy {
  public static var paper: Paper? { nil }
  public static var place: PruningPlace { .beforeDecoder }
  public static var needsClassToken: Bool { false }
  public static var prunes: Bool { true }
  public static var findsOwnBudget: Bool { false }
  public static var ownBudgetOption: String? { nil }
  public static var options: [OptionDescription] { [] }

  public func evidence(for picture: PictureDescription) throws(PruningError) -> Evidence {
    try evidence(on: picture.tower)
  }

  public static func obstacle(hasClassToken: Bool) -> String? {
    needsClassToken && !hasClassToken ? "reads the class token's attention, and the tower has no class token" : nil
  }

  public func warnings(on tower: TowerDescription) -> [String] { [] }

  public var readsGrid: Bool { false }
  public var inDecoder: (any DecoderPruning)? { nil }
  public var beforeDecoder: any PruningStrategy { self }

  public func resolved(
    on tower: TowerDescription, decoder: DecoderDescription
  ) throws(PruningError) -> StrategySpec { try resolved(on: tower) }

  /// The block that option `option` names on this tower.
  /// - Throws: `layerOutOfRange`.
  public func block(_ layer: Int, option: String, on tower: TowerDescription) throws(PruningError) -> Int {
    guard let block = tower.resolve(layer: layer) else {
      throw .layerOutOfRange(layer, option: option, strategy: Self.name, depth: tower.depth)
    }
    return block
  }
}
