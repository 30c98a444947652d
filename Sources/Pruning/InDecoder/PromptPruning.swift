import Kernels

/// A prompt as a method inside the decoder sees it.
public struct PromptLayout: Sendable {
  /// One picture's rows in the prompt.
  public struct PictureRows: Sendable {
    public let rows: Range<Int>
    /// What each row is, in reports: view · N + patch, −1 a separator; see `ImagePlan.sequenceCodes`.
    public let codes: [Int]
    /// What is kept of it on average, where that is not the prompt's budget.
    public let share: Budget?

    public init(rows: Range<Int>, codes: [Int], share: Budget? = nil) {
      precondition(rows.count == codes.count, "one code a row")
      self.rows = rows
      self.codes = codes
      self.share = share
    }
  }

  /// Of all rows.
  public let positions: [Position]
  /// In the order of the prompt.
  public let pictures: [PictureRows]
  /// Whether a method may number rows anew; not where a position has three numbers.
  public let canRenumber: Bool
  /// Merged rows that the tower made, after which those of the decoder are numbered.
  public let fusedBefore: Int

  public init(positions: [Position], pictures: [PictureRows], canRenumber: Bool, fusedBefore: Int = 0) {
    precondition(
      zip(pictures, pictures.dropFirst()).allSatisfy { $0.rows.upperBound <= $1.rows.lowerBound }
        && (pictures.last?.rows.upperBound ?? 0) <= positions.count, "pictures stand in order inside the prompt")
    self.positions = positions
    self.pictures = pictures
    self.canRenumber = canRenumber
    self.fusedBefore = fusedBefore
  }
}

/// One prefill under a method: keeps track of which rows are still there, asks the method at every cut, and records
/// what became of each row. Text rows are never dropped, and the order stays the prompt's.
public struct PromptPruning: Sendable {
  private let method: any DecoderPruning
  private let decoder: DecoderDescription
  private let renumbers: Bool
  /// By picture.
  private let cuts: [[DecoderCut]]
  /// By picture: rows of the prompt whose attention is read.
  private let queries: [[Int]]
  private var positions: [Position]
  /// The row of the prompt that each present row was; −1: a merged one.
  private var origins: [Int]
  /// By picture, in the present sequence.
  private var ranges: [Range<Int>]
  /// By picture: the codes of its present rows.
  private var codes: [[Int]]
  public private(set) var record: DecoderPruningRecord
  /// Of the decoder.
  public var depth: Int { decoder.depth }

  /// - Parameters:
  ///   - budget: of each picture that has no share of its own.
  ///   - embeddings: the rows that enter block 0, [rows, width].
  public init(
    _ method: any DecoderPruning, keeping budget: Budget, layout: PromptLayout, embeddings: Matrix,
    decoder: DecoderDescription, workers: Workers
  ) throws(PruningError) {
    precondition(embeddings.rows == layout.positions.count, "one position a row")
    self.method = method
    self.decoder = decoder
    renumbers = !method.keepsPositions && layout.canRenumber
    var cuts: [[DecoderCut]] = []
    for picture in layout.pictures {
      let budget = picture.share ?? budget
      let isEverything = budget.isEverything(of: picture.rows.count)
      cuts.append(isEverything ? [] : try method.cuts(keeping: budget, of: picture.rows.count, on: decoder))
    }
    self.cuts = cuts
    let last = layout.positions.count - 1
    let visual = Set(layout.pictures.flatMap(\.rows))
    queries = layout.pictures.map { picture in
      let text = (picture.rows.upperBound..<layout.positions.count).filter { !visual.contains($0) }
      guard method.readsRaters, !text.isEmpty else { return [last] }
      let rows = Matrix(
        rows: text.count, columns: embeddings.columns, values: text.flatMap { embeddings.row($0) })
      return Raters.choose(visual: embeddings.rows(picture.rows), text: rows, workers: workers).map { text[$0] }
    }
    positions = layout.positions
    origins = Array(layout.positions.indices)
    ranges = layout.pictures.map(\.rows)
    codes = layout.pictures.map(\.codes)
    record = DecoderPruningRecord(
      of: layout.pictures.map(\.codes), raters: queries, fusedBefore: layout.fusedBefore)
  }

  /// Whether rows are dropped before `block` runs.
  public func isReduced(before block: Int) -> Bool { cuts.joined().contains { $0.block == block } }

  /// Decides which rows `block` and all later ones run on.
  /// - Parameters: as `DecoderPruning.decide`.
  public mutating func reduce(
    before block: Int, weights: ([Int], AttentionSource) -> AttentionWeights, rows: () -> Matrix
  ) throws(PruningError) -> ReducedRows {
    var decisions: [CutDecision?] = []
    for picture in ranges.indices {
      decisions.append(try decision(of: picture, before: block, weights: weights, rows: rows))
    }
    return apply(decisions, before: block)
  }

  private func decision(
    of picture: Int, before block: Int, weights: ([Int], AttentionSource) -> AttentionWeights, rows: () -> Matrix
  ) throws(PruningError) -> CutDecision? {
    // One row that is left stays.
    guard let cut = cuts[picture].first(where: { $0.block == block }), ranges[picture].count > 1 else { return nil }
    let asked = Set(queries[picture])
    let scene = CutScene(
      picture: picture, visual: ranges[picture], queries: origins.indices.filter { asked.contains(origins[$0]) },
      positions: positions, decoder: decoder)
    return try method.decide(cut, on: scene, weights: weights, rows: rows)
  }

  private mutating func apply(_ decisions: [CutDecision?], before block: Int) -> ReducedRows {
    var (reduced, origins, positions): ([ReducedRows.Row], [Int], [Position]) = ([], [], [])
    var next = 0
    func keep(_ row: Int) {
      reduced.append(ReducedRows.Row(keeping: row))
      origins.append(self.origins[row])
      positions.append(self.positions[row])
    }
    for (picture, decision) in decisions.enumerated() {
      let range = ranges[picture]
      for row in next..<range.lowerBound { keep(row) }
      next = range.upperBound
      let start = reduced.count
      if let decision {
        for row in decision.kept { keep(range.lowerBound + row) }
        for merge in decision.merges {
          reduced.append(
            ReducedRows.Row(merging: merge.members.map { range.lowerBound + $0 }, scale: merge.scale))
          origins.append(-1)
          positions.append(self.positions[range.lowerBound + merge.anchor])
        }
        let merged = record.merge(decision.merges.map { $0.members.map { codes[picture][$0] } })
        codes[picture] = decision.kept.map { codes[picture][$0] } + merged
      } else {
        for row in range { keep(row) }
      }
      ranges[picture] = start..<reduced.count
    }
    for row in next..<self.origins.count { keep(row) }
    self.origins = origins
    self.positions = renumbers ? positions.indices.map { Position($0) } : positions
    record.keep(codes, before: block)
    return ReducedRows(rows: reduced, positions: self.positions)
  }
}
