/// How many visual tokens of an image to keep, over all views, separators not counted.
public enum Budget: Sendable, Hashable {
  case all
  case count(Int)
  /// Kept ÷ visual tokens, 0 < ratio < 1.
  case ratio(Double)
}

/// The options of a strategy spec, handed to a strategy's initialiser.
public struct StrategyOptions: Sendable {}
/// A strategy's name with its options spelled out.
public struct StrategySpec: Sendable, Hashable {}
/// A seeded random generator.
public struct SeededGenerator: Sendable {}
