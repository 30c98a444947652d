/// What can be wrong with a strategy, its options, a budget or a plan.
public enum PruningError: Error, Sendable, Hashable {
  case invalidPlan(String)
}
