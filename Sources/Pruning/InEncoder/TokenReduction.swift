import Kernels

/// A training-free method that merges or drops rows inside the tower, between a block's attention and its MLP: from
/// then on fewer rows run. Each is one file and one line of the catalogue. It decides and touches no tensor of the
/// model; the tower applies the decision.
///
/// All evidence is of the block itself. The class token is never merged. Each view is reduced on its own.
public protocol TokenReduction: Sendable {
  /// The command line's spelling.
  static var name: String { get }
  /// One line, with the paper.
  static var summary: String { get }
  /// Whether it reads the class token's attention.
  static var needsClassToken: Bool { get }
  /// Its options, as its initialiser reads them and in the order of the canonical spec.
  static var options: [OptionDescription] { get }
  /// The option without which it needs a budget; nil: it finds a number of tokens itself.
  static var ownBudgetOption: String? { get }
  /// Reads its options; the parser reports unread options as unknown.
  init(options: inout StrategyOptions) throws(PruningError)
  /// The canonical spec on this tower: the name with every option spelled out.
  func resolved(on tower: TowerDescription) throws(PruningError) -> StrategySpec
  /// Whether its options say how many tokens leave the tower.
  var setsOwnBudget: Bool { get }
  /// What it reads of a block that it reduces.
  var measure: TowerMeasure { get }
  /// Whether attention counts a merged row as often as there are patches in it: log size is added to its logits.
  var isProportional: Bool { get }
  /// The order in which the tokens of a view are sent.
  var order: TokenOrder { get }
  /// The patch rows that leave each block, 0 … the feature layer.
  /// - Parameters:
  ///   - count: what leaves the last of them, at least 1; nil: what its options say.
  ///   - patches: what enters the first.
  /// - Throws: what is wrong with an option, on this tower or beside the count.
  func schedule(keeping count: Int?, of patches: Int, on tower: TowerDescription) throws(PruningError) -> [Int]
  /// Decides what becomes of the rows of one block.
  /// - Parameter count: patch rows that leave it, fewer than enter it.
  func reduce(to count: Int, _ scene: TowerScene) -> TokenMap
}

/// What a reduction reads of a block.
public enum TowerMeasure: Sendable, Hashable {
  /// The mean over heads of the keys, as projected.
  case keys
  /// The mean over heads of the class token's attention after softmax.
  case classAttention
}

/// The order in which a reduced view's tokens are sent.
public enum TokenOrder: String, Sendable, CaseIterable {
  /// By the patch whose place a token takes; tokens without a place last.
  case raster
  /// As the released code leaves them in the tower.
  case released
}

/// The rows of one block, the class token first.
public struct TowerScene: Sendable {
  /// Rows that are not patches: the class token, and others of its kind.
  public let prefix: Int
  /// Of each row, the patches in it; 1 for the prefix.
  public let sizes: [Double]
  /// What was measured: [rows, headWidth] for keys, [1, rows] for class attention.
  public let measured: DoubleMatrix
  /// Threads for products.
  public let workers: Workers

  public init(prefix: Int, sizes: [Double], measured: DoubleMatrix, workers: Workers) {
    self.prefix = prefix
    self.sizes = sizes
    self.measured = measured
    self.workers = workers
  }

  public var rows: Int { sizes.count }
}

/// How one view is reduced.
public struct ViewReduction: Sendable {
  public let method: any TokenReduction
  /// Patch rows that leave each block from the first on; later blocks keep what they get.
  public let schedule: [Int]

  public init(method: any TokenReduction, schedule: [Int]) {
    precondition(zip(schedule, schedule.dropFirst()).allSatisfy(>=) && (schedule.last ?? 1) > 0, "rows become fewer")
    self.method = method
    self.schedule = schedule
  }

  /// The patch rows that leave a block which `rows` enter; nil where all do.
  public func rows(leaving block: Int, of rows: Int) -> Int? {
    guard block < schedule.count, schedule[block] < rows else { return nil }
    return schedule[block]
  }
}
