import Basics
import Kernels

/// One view of an image, with checked access to its evidence.
public struct ViewInput: Sendable {
  public let image: EncodedImage
  public let question: QuestionEvidence
  /// The view's number.
  public let index: Int

  public init(image: EncodedImage, question: QuestionEvidence = [:], index: Int) {
    self.image = image
    self.question = question
    self.index = index
  }

  public var tower: TowerDescription { image.tower }
  /// Sent tokens, in rows and columns.
  public var grid: Grid { image.picture.grids[index] }
  /// Patches before merging.
  public var patches: Int { image.picture.patchGrids[index].count }
  /// Sent tokens.
  public var tokens: Int { grid.count }

  /// [heads, tokens].
  public func classAttention(layer: Int) throws(PruningError) -> Matrix {
    try matrix(.classAttention(layer: layer), columns: tokens)
  }

  /// [heads, tokens].
  public func classLogits(layer: Int) throws(PruningError) -> Matrix {
    try matrix(.classLogits(layer: layer), columns: tokens)
  }

  /// Column sums over all queries: [tokens].
  public func received(layer: Int) throws(PruningError) -> [Double] {
    let kind = EvidenceKind.attentionReceived(layer: layer, queries: .all)
    guard case .vector(let sums) = try value(kind) else { throw unlike(kind) }
    return try checked(sums, kind)
  }

  public func patchMeans(layer: Int, scale: AttentionScale) throws(PruningError) -> PatchMeans {
    let kind = EvidenceKind.patchMeans(layer: layer, scale: scale)
    guard case .means(let means) = try value(kind) else { throw unlike(kind) }
    return PatchMeans(received: try checked(means.received, kind), given: try checked(means.given, kind))
  }

  /// [tokens, width].
  public func features() throws(PruningError) -> Matrix { try matrix(.features, rows: tokens) }

  /// The question's token embeddings, [texts, width].
  public func text() throws(PruningError) -> Matrix { try question.rows(of: .embeddings) }

  /// Rows that can be compared with text of `width` dimensions: [tokens, width].
  public func rows(besideTextOf width: Int) throws(PruningError) -> Matrix {
    try rows(.textSpace, besideTextOf: width)
  }

  func value(_ kind: EvidenceKind) throws(PruningError) -> EvidenceValue {
    guard let value = image.views[index][kind] else { throw .missingEvidence(kind, view: index) }
    return value
  }

  func unlike(_ kind: EvidenceKind) -> PruningError {
    .malformedEvidence(kind, view: index, expected: "a value of its kind", found: "another one")
  }

  func matrix(_ kind: EvidenceKind, rows: Int? = nil, columns: Int? = nil) throws(PruningError) -> Matrix {
    guard case .matrix(let matrix) = try value(kind) else { throw unlike(kind) }
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
