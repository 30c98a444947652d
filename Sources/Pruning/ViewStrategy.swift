import Kernels

/// A method that treats each view alone. It decides about one; the image's plan follows.
protocol ViewStrategy: PruningStrategy {
  /// What each view may keep; int(N ÷ views) or int(R·tokens) unless the method counts otherwise.
  func share(of budget: Budget, in image: EncodedImage) throws(PruningError) -> Int
  /// Chooses about `share` tokens of one view.
  func decide(_ view: ViewInput, keeping share: Int, using random: inout SeededGenerator) throws(PruningError)
    -> ViewDecision
}

/// What was decided about one view.
struct ViewDecision {
  let plan: ViewPlan
  /// What the tokens were ranked by; empty when the method ranks nothing.
  let scores: [Double]

  /// Keeps `tokens` in raster order.
  init(keeping tokens: some Sequence<Int>, scores: [Double] = []) {
    self.init(plan: ViewPlan(keeping: tokens.sorted()), scores: scores)
  }

  init(plan: ViewPlan, scores: [Double] = []) {
    self.plan = plan
    self.scores = scores
  }
}

extension ViewStrategy {
  func share(of budget: Budget, in image: EncodedImage) throws(PruningError) -> Int {
    try budget.share(views: image.views.count, tokensPerView: image.tokensPerView)
  }

  func plan(_ image: EncodedImage, keeping budget: Budget, using random: inout SeededGenerator) throws(PruningError)
    -> ImagePlan
  {
    let share = try share(of: budget, in: image)
    let decisions = try decisions(on: image, keeping: share, using: &random)
    return try ImagePlan(
      arranging: decisions.map(\.plan), of: image, limit: share * decisions.count,
      scores: decisions.map(\.scores).filter { !$0.isEmpty })
  }

  /// One decision a view.
  func decisions(on image: EncodedImage, keeping share: Int, using random: inout SeededGenerator) throws(PruningError)
    -> [ViewDecision]
  {
    var decisions: [ViewDecision] = []
    for index in image.views.indices {
      decisions.append(try decide(ViewInput(image: image, index: index), keeping: share, using: &random))
    }
    return decisions
  }
}

/// One view of an image, with checked access to its evidence.
struct ViewInput {
  let image: EncodedImage
  let index: Int

  var tower: TowerDescription { image.tower }
  var tokens: Int { image.tokensPerView }
  private var evidence: ViewEvidence { image.views[index] }

  /// [heads, tokens].
  func classAttention(layer: Int) throws(PruningError) -> Matrix {
    try checked(evidence.classAttention[layer], .classAttention(layer: layer), columns: tokens)
  }

  /// [heads, tokens].
  func classLogits(layer: Int) throws(PruningError) -> Matrix {
    try checked(evidence.classLogits[layer], .classLogits(layer: layer), columns: tokens)
  }

  /// Column sums over all queries: [tokens].
  func received(layer: Int) throws(PruningError) -> [Double] {
    let kind = EvidenceKind.attentionReceived(layer: layer, queries: .all)
    guard let sums = evidence.receivedFromAll[layer] else { throw .missingEvidence(kind, view: index) }
    return try checked(sums, kind)
  }

  func patchMeans(layer: Int, scale: AttentionScale) throws(PruningError) -> PatchMeans {
    let kind = EvidenceKind.patchMeans(layer: layer, scale: scale)
    let means = scale == .softmax ? evidence.patchMeans[layer] : evidence.patchLogitMeans[layer]
    guard let means else { throw .missingEvidence(kind, view: index) }
    return PatchMeans(received: try checked(means.received, kind), given: try checked(means.given, kind))
  }

  /// [tokens, width].
  func features() throws(PruningError) -> Matrix { try checked(evidence.features, .features, rows: tokens) }

  /// Rows that can be compared with text of `width` dimensions: the projected ones, or those of a space of their own.
  func rows(besideTextOf width: Int) throws(PruningError) -> Matrix {
    if let projected = evidence.projected, projected.columns == width {
      return try checked(projected, .projected, rows: tokens)
    }
    let rows = try checked(evidence.textSpace ?? evidence.projected, .projected, rows: tokens)
    guard rows.columns == width else {
      throw .malformedEvidence(
        .projected, view: index, expected: "\(width) wide, as the text is", found: "\(rows.columns) wide")
    }
    return rows
  }

  private func checked(
    _ matrix: Matrix?, _ kind: EvidenceKind, rows: Int? = nil, columns: Int? = nil
  ) throws(PruningError) -> Matrix {
    guard let matrix else { throw .missingEvidence(kind, view: index) }
    guard matrix.rows == rows ?? max(matrix.rows, 1), matrix.columns == columns ?? max(matrix.columns, 1) else {
      throw .malformedEvidence(
        kind, view: index, expected: "\(rows.map { "\($0)" } ?? "n") × \(columns.map { "\($0)" } ?? "n")",
        found: "\(matrix.rows) × \(matrix.columns)")
    }
    if let bad = matrix.values.firstIndex(where: { !$0.isFinite }) {
      throw .nonFiniteScore(view: index, token: rows == nil ? bad % matrix.columns : bad / matrix.columns)
    }
    return matrix
  }

  private func checked(_ values: [Double], _ kind: EvidenceKind) throws(PruningError) -> [Double] {
    guard values.count == tokens else {
      throw .malformedEvidence(kind, view: index, expected: "\(tokens) values", found: "\(values.count)")
    }
    if let bad = values.firstIndex(where: { !$0.isFinite }) { throw .nonFiniteScore(view: index, token: bad) }
    return values
  }
}

extension Matrix {
  /// Mean of each column, summed in double and in the order of rows: a mean over heads of [heads, tokens].
  func columnMeans() -> [Double] {
    var sums = [Double](repeating: 0, count: columns)
    for row in 0..<rows {
      for (column, value) in self.row(row).enumerated() { sums[column] += Double(value) }
    }
    return sums.map { $0 / Double(rows) }
  }

  /// Largest value of each column.
  func columnMaxima() -> [Double] {
    var maxima = [Double](repeating: -.infinity, count: columns)
    for row in 0..<rows {
      for (column, value) in self.row(row).enumerated() { maxima[column] = max(maxima[column], Double(value)) }
    }
    return maxima
  }

  /// Cosine of each row with `vector`, in double; 0 where either has no length.
  func cosines(with vector: [Double]) -> [Double] {
    let length = vector.reduce(0) { $0 + $1 * $1 }.squareRoot()
    return (0..<rows).map { index in
      var product = 0.0
      var square = 0.0
      for (value, other) in zip(row(index), vector) {
        product += Double(value) * other
        square += Double(value) * Double(value)
      }
      let lengths = square.squareRoot() * length
      return lengths > 0 ? product / lengths : 0
    }
  }
}
