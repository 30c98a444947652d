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
  /// Rows that average tokens around their anchor without keeping it (VisionZip's contextual tokens).
  public let contextual: Set<Int>

  /// Represents the view's class token among sources and anchors.
  public static let classSource = -1
  /// The anchor of a row that stands at no token's place: what is merged of all the others. Of several such rows, the
  /// m-th has this number − m.
  public static let mergedAnchor = -2

  public init(
    rowStarts: [Int], sources: [Int], weights: [Float], anchors: [Int], contextual: Set<Int> = []
  ) {
    self.rowStarts = rowStarts
    self.sources = sources
    self.weights = weights
    self.anchors = anchors
    self.contextual = contextual
  }

  /// Keeps `tokens` unchanged, in the order given.
  public init(keeping tokens: [Int]) {
    self.init(
      rowStarts: Array(0...tokens.count), sources: tokens, weights: [Float](repeating: 1, count: tokens.count),
      anchors: tokens)
  }

  /// One row of a plan.
  public struct Row: Sendable, Hashable {
    public var sources: [Int]
    public var weights: [Float]
    public var anchor: Int
    public var isContextual: Bool

    public init(sources: [Int], weights: [Float], anchor: Int, isContextual: Bool = false) {
      self.sources = sources
      self.weights = weights
      self.anchor = anchor
      self.isContextual = isContextual
    }

    /// A token, or `ViewPlan.classSource`, unchanged.
    public static func copy(_ token: Int) -> Row { Row(sources: [token], weights: [1], anchor: token) }
  }

  /// Sends `rows` in the order given.
  public init(_ rows: [Row]) {
    var starts = [0]
    for row in rows { starts.append((starts.last ?? 0) + row.sources.count) }
    self.init(
      rowStarts: starts, sources: rows.flatMap(\.sources), weights: rows.flatMap(\.weights),
      anchors: rows.map(\.anchor), contextual: Set(rows.indices.filter { rows[$0].isContextual }))
  }

  /// Number of kept rows.
  public var rows: Int { anchors.count }

  /// Tokens that are kept, in the order in which they are sent: a merged row counts as its anchor, unless it stands for
  /// others.
  public var keptTokens: [Int] {
    anchors.indices.filter { anchors[$0] >= 0 && !contextual.contains($0) }.map { anchors[$0] }
  }

  /// The rows whose anchor satisfies `condition`.
  func keepingRows(where condition: (Int) -> Bool) -> ViewPlan {
    keeping(rows: (0..<rows).filter { condition(anchors[$0]) })
  }

  /// Some of the rows, in the order given.
  func keeping(rows: [Int]) -> ViewPlan {
    ViewPlan(
      rows.map { row in
        let members = rowStarts[row]..<rowStarts[row + 1]
        return Row(
          sources: Array(sources[members]), weights: Array(weights[members]), anchor: anchors[row],
          isContextual: contextual.contains(row))
      })
  }
}

/// One element of the sequence that the decoder receives.
public enum SequenceItem: Sendable, Hashable {
  /// Row `row` of view `view`'s plan.
  case row(view: Int, row: Int)
  /// A separator (newline) token.
  case separator
  /// A row of zeros, as the decoder reads it (HoloV fills up its budget with them).
  case zeros
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
  init(
    unchecked views: [ViewPlan], sequence: [SequenceItem], tokens: [Int], count: Count = .withinBudget,
    weights: Weights = .normalised, scores: [[Double]] = []
  ) {
    self.views = views
    self.sequence = sequence
    self.tokens = tokens
    self.count = count
    self.weights = weights
    self.scores = scores
  }

  /// Number of rows sent, rows of zeros included, without separators and class tokens that the family sends anyway.
  public var keptTokens: Int { views.reduce(0) { $0 + $1.rows } + sequence.count { $0 == .zeros } }

  /// The sequence in `select`'s codes: view·N + token (tokens of the views before it + token, where views differ), −1
  /// for a separator, −100−v for the class token of view v, −200 for a row that stands at no token's place (−200−m for
  /// the m-th row that was fused inside the tower), −300 for a row of zeros.
  public var sequenceCodes: [Int] {
    sequence.map { item in
      switch item {
      case .separator: -1
      case .zeros: -300
      case .classToken(let view): -100 - view
      case .row(let view, let row): code(of: views[view].anchors[row], view: view)
      }
    }
  }

  func code(of source: Int, view: Int) -> Int {
    switch source {
    case ViewPlan.classSource: -100 - view
    case ...ViewPlan.mergedAnchor: -200 + source - ViewPlan.mergedAnchor
    default: tokens[..<view].reduce(0, +) + source
    }
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
    guard sources.allSatisfy({ (0..<tokens).contains($0) || $0 == Self.classSource }),
      anchors.allSatisfy({ (0..<tokens).contains($0) || $0 == Self.classSource || $0 <= Self.mergedAnchor })
    else {
      throw .invalidPlan("view \(view): a source is not one of \(tokens) tokens")
    }
    guard normalised else { return }
    for row in 0..<rows {
      let sum = weights[rowStarts[row]..<rowStarts[row + 1]].reduce(0.0) { $0 + Double($1) }
      guard abs(sum - 1) <= 1e-5 else { throw .invalidPlan("view \(view): row \(row) sums to \(sum), not to 1") }
    }
  }
}
