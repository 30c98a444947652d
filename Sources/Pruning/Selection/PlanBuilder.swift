/// Makes a plan item by item, in the order in which they are sent: for methods that have an order of their own.
struct PlanBuilder {
  private var rows: [[ViewPlan.Row]]
  private var sequence: [SequenceItem] = []

  init(views: Int) { rows = [[ViewPlan.Row]](repeating: [], count: views) }

  mutating func send(_ row: ViewPlan.Row, of view: Int) {
    sequence.append(.row(view: view, row: rows[view].count))
    rows[view].append(row)
  }

  /// Sends a token, or `ViewPlan.classSource`, as it is.
  mutating func send(_ token: Int, of view: Int) { send(.copy(token), of: view) }

  /// Sends a token; nil stands for a separator.
  mutating func send(_ place: TokenPlace?) {
    if let place { send(place.token, of: place.view) } else { sequence.append(.separator) }
  }

  mutating func sendZeros(_ count: Int) {
    sequence += [SequenceItem](repeating: .zeros, count: max(0, count))
  }

  /// - Parameters: as `ImagePlan.init`.
  func plan(
    of picture: PictureDescription, limit: Int, count: ImagePlan.Count = .withinBudget,
    weights: ImagePlan.Weights = .normalised, scores: [[Double]] = []
  ) throws(PruningError) -> ImagePlan {
    try ImagePlan(
      views: rows.map { ViewPlan($0) }, sequence: sequence, tokens: picture.tokens, limit: limit, count: count,
      weights: weights, scores: scores)
  }
}

/// A token of one of a picture's views.
struct TokenPlace: Sendable, Hashable {
  let view: Int
  let token: Int
}
