/// One view's part of a plan: a sparse map y = P·x from source tokens to kept rows. Row r is the weighted sum of
/// `sources[rowStarts[r] ..< rowStarts[r+1]]` with the same slice of `weights`. A kept token is one source with weight
/// 1.
public struct ViewPlan: Sendable, Hashable {
  /// rows + 1 offsets into `sources` and `weights`.
  public let rowStarts: [Int]
  /// Token indices in raster order, or `classSource`.
  public let sources: [Int]
  public let weights: [Float]
  /// For each row, the source whose position the output takes.
  public let anchors: [Int]

  /// Represents the view's class token among sources and anchors.
  public static let classSource = -1

  public init(rowStarts: [Int], sources: [Int], weights: [Float], anchors: [Int]) {
    self.rowStarts = rowStarts
    self.sources = sources
    self.weights = weights
    self.anchors = anchors
  }

  /// Keeps `tokens` unchanged, in the order given.
  public init(keeping tokens: [Int]) {
    self.init(
      rowStarts: Array(0...tokens.count), sources: tokens, weights: [Float](repeating: 1, count: tokens.count),
      anchors: tokens)
  }

  /// Number of kept rows.
  public var rows: Int { anchors.count }

  /// The rows whose anchor satisfies `condition`.
  func keepingRows(where condition: (Int) -> Bool) -> ViewPlan {
    var plan = (rowStarts: [0], sources: [Int](), weights: [Float](), anchors: [Int]())
    for row in 0..<rows where condition(anchors[row]) {
      let members = rowStarts[row]..<rowStarts[row + 1]
      plan.sources += sources[members]
      plan.weights += weights[members]
      plan.rowStarts.append(plan.sources.count)
      plan.anchors.append(anchors[row])
    }
    return ViewPlan(rowStarts: plan.rowStarts, sources: plan.sources, weights: plan.weights, anchors: plan.anchors)
  }
}

/// One element of the sequence that the decoder receives.
public enum SequenceItem: Sendable, Hashable {
  /// Row `row` of view `view`'s plan.
  case row(view: Int, row: Int)
  /// A separator (newline) token.
  case separator
  /// The class token of a view, which its family always sends.
  case classToken(view: Int)
}

/// What is sent of an image: decided by a strategy, applied by the engine.
public struct ImagePlan: Sendable, Hashable {
  /// Whether the number of rows is bound by the budget.
  public enum Count: Sendable, Hashable {
    case withinBudget
    /// The method chooses its own number (PruMerge).
    case adaptive
  }

  /// Whether rows are averages.
  public enum Weights: Sendable, Hashable {
    case normalised
    /// Sums that are not averages (VisionZip's contextual tokens, PruMerge).
    case unnormalised
  }

  public let views: [ViewPlan]
  public let sequence: [SequenceItem]
  /// Tokens of each view before pruning.
  public let tokens: [Int]
  public let count: Count
  public let weights: Weights
  /// Only for drawings: the scores that the method ranked by, one list per view and one score per token; empty if it
  /// has none.
  public let scores: [[Double]]

  /// Checks every invariant: sources in range, rows that sum to 1 unless `unnormalised`, every row sent exactly once,
  /// no more rows than `limit` unless `adaptive`, and scores for every token or for none.
  /// - Parameters:
  ///   - tokens: of each view before pruning; sources are 0 ..< tokens, or `ViewPlan.classSource`.
  ///   - limit: the budget in rows over all views.
  /// - Throws: `PruningError.invalidPlan` naming the broken rule.
  public init(
    views: [ViewPlan], sequence: [SequenceItem], tokens: [Int], limit: Int, count: Count = .withinBudget,
    weights: Weights = .normalised, scores: [[Double]] = []
  ) throws(PruningError) {
    self.views = views
    self.sequence = sequence
    self.tokens = tokens
    self.count = count
    self.weights = weights
    self.scores = scores
    guard views.count == tokens.count else {
      throw .invalidPlan("\(views.count) views are planned of \(tokens.count)")
    }
    for (view, plan) in views.enumerated() {
      try plan.check(view: view, tokens: tokens[view], normalised: weights == .normalised)
    }
    try checkSequence()
    if count == .withinBudget, keptTokens > limit {
      throw .invalidPlan("\(keptTokens) rows exceed the budget of \(limit)")
    }
    guard scores.isEmpty || scores.map(\.count) == tokens else {
      throw .invalidPlan("scores are not one for each token of \(views.count) views")
    }
  }

  /// A plan whose rules hold by construction.
  init(unchecked views: [ViewPlan], sequence: [SequenceItem], tokens: [Int]) {
    self.views = views
    self.sequence = sequence
    self.tokens = tokens
    count = .withinBudget
    weights = .normalised
    scores = []
  }

  /// Number of rows sent, without separators and class tokens that the family sends anyway.
  public var keptTokens: Int { views.reduce(0) { $0 + $1.rows } }

  /// The sequence in `select`'s codes: view·N + token (tokens of the views before it + token, where views differ), −1
  /// for a separator, −100−v for the class token of view v.
  public var sequenceCodes: [Int] {
    sequence.map { item in
      switch item {
      case .separator: -1
      case .classToken(let view): -100 - view
      case .row(let view, let row): code(of: views[view].anchors[row], view: view)
      }
    }
  }

  func code(of source: Int, view: Int) -> Int {
    source == ViewPlan.classSource ? -100 - view : tokens[..<view].reduce(0, +) + source
  }

  private func checkSequence() throws(PruningError) {
    var seen = views.map { [Bool](repeating: false, count: $0.rows) }
    for case .classToken(let view) in sequence where !views.indices.contains(view) {
      throw .invalidPlan("the class token of view \(view) does not exist")
    }
    for case .row(let view, let row) in sequence {
      guard views.indices.contains(view), seen[view].indices.contains(row), !seen[view][row] else {
        throw .invalidPlan("row \(row) of view \(view) does not exist or is sent twice")
      }
      seen[view][row] = true
    }
    guard seen.allSatisfy({ $0.allSatisfy { $0 } }) else { throw .invalidPlan("a kept row is not in the sequence") }
  }
}

extension ViewPlan {
  fileprivate func check(view: Int, tokens: Int, normalised: Bool) throws(PruningError) {
    guard rowStarts.count == rows + 1, rowStarts.first == 0, rowStarts.last == sources.count,
      weights.count == sources.count, zip(rowStarts, rowStarts.dropFirst()).allSatisfy({ $0 < $1 })
    else { throw .invalidPlan("view \(view): rows do not partition the sources") }
    guard (sources + anchors).allSatisfy({ (0..<tokens).contains($0) || $0 == Self.classSource }) else {
      throw .invalidPlan("view \(view): a source is not one of \(tokens) tokens")
    }
    guard normalised else { return }
    for row in 0..<rows {
      let sum = weights[rowStarts[row]..<rowStarts[row + 1]].reduce(0.0) { $0 + Double($1) }
      guard abs(sum - 1) <= 1e-5 else { throw .invalidPlan("view \(view): row \(row) sums to \(sum), not to 1") }
    }
  }
}
