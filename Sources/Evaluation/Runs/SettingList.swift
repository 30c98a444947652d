import Pruning
import VLM

/// The settings of a sweep: dense first, then every strategy at every budget. Different spellings of a setting count
/// once.
public struct SettingList: Sendable {
  /// A setting, and its name in a run's files.
  public struct Entry: Sendable {
    public let setting: PruningSetting
    public let name: RunManifest.Setting
  }

  /// Baselines that every sweep contains, so that no strategy is shown without them.
  public static let baselines = ["random", "uniform", "downsample"]
  /// The budgets if the user names none.
  public static let standardBudgets = ["100%", "50%", "25%", "11%"]

  public private(set) var entries: [Entry] = []
  /// What was left out and why, one line each.
  public private(set) var notes: [String] = []

  /// - Parameters:
  ///   - strategies: those that the user asked for.
  ///   - base: supplies positions, seed and packing.
  /// - Throws: `PruningError` or `VLMError` if a strategy or a budget does not work with the model.
  public init(
    strategies: [any PruningStrategy], budgets: [Budget], base: PruningSetting, model: VisionLanguageModel,
    check: (PruningSetting) throws -> Void
  ) throws {
    var dense = base
    dense.strategy = try StrategyCatalogue.standard.make(parsing: "none")
    dense.budget = .all
    try append(dense, model: model)
    let smaller = budgets.filter { $0 != .all }
    let pruning = strategies.filter { type(of: $0).prunes }
    if smaller.isEmpty, !pruning.isEmpty {
      notes.append("every budget is 100%, where strategies do nothing: only the dense setting is left")
    }
    notes += Self.equalBudgets(smaller, on: model)
    for (strategy, isWanted) in pruning.map({ ($0, true) }) + (try Self.baselineStrategies().map { ($0, false) }) {
      for budget in smaller {
        var setting = base
        setting.strategy = strategy
        setting.budget = budget
        do { try check(setting) } catch {
          if isWanted { throw error }
          notes.append("the baseline \(type(of: strategy).name) is left out at \(budget): it cannot serve this model")
          continue
        }
        try append(setting, model: model)
      }
    }
  }

  /// Counts and shares that are one number of tokens, where every picture has the same. They stay settings of their
  /// own: methods may round the two differently.
  private static func equalBudgets(_ budgets: [Budget], on model: VisionLanguageModel) -> [String] {
    guard let picture = model.family.largestPicture(of: .image, grid: nil), picture.tokens.count == 1 else { return [] }
    let total = picture.visualTokens
    return budgets.flatMap { first in
      budgets.compactMap { second in
        guard case .count(let count) = first, case .ratio(let ratio) = second,
          abs(Double(count) - ratio * Double(total)) < 1e-6
        else { return nil }
        return "\(first) and \(second) of \(total) visual tokens are the same budget, and are measured as two"
      }
    }
  }

  private static func baselineStrategies() throws -> [any PruningStrategy] {
    try baselines.map { try StrategyCatalogue.standard.make(parsing: $0) }
  }

  private mutating func append(_ setting: PruningSetting, model: VisionLanguageModel) throws {
    let name = RunManifest.Setting(
      strategy: try model.spec(of: setting).description, keep: setting.budget.description)
    guard !entries.contains(where: { $0.name == name }) else { return }
    entries.append(Entry(setting: setting, name: name))
  }
}
