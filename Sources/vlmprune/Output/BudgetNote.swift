import Foundation
import Pruning
import VLM

/// Why another number of tokens was kept than the budget says: methods round what each view may keep, as their authors
/// do, and frames or crops add up.
enum BudgetNote {
  /// Nil where the number is the one that was asked for, or the method finds its own.
  static func line(on answer: Answer, setting: PruningSetting) -> String? {
    let plans = answer.plans
    let views = plans.map(\.views.count).max() ?? 0
    guard setting.strategy.inDecoder == nil, views > 1, plans.allSatisfy({ $0.count == .withinBudget }) else {
      return nil
    }
    let asked: Double
    switch setting.budget {
    case .all, .adaptive: return nil
    case .count(let count): asked = Double(count * plans.count)
    case .ratio(let ratio): asked = ratio * Double(answer.visualTokens)
    }
    guard abs(asked - Double(answer.keptTokens)) >= 1 else { return nil }
    let number = String(format: asked == asked.rounded() ? "%.0f" : "%.1f", asked)
    return "--keep \(setting.budget) asks for \(number) of \(answer.visualTokens) visual tokens; "
      + "\(answer.strategy.name) rounds for each of \(views) views, which makes \(answer.keptTokens)"
  }
}
