import Kernels

extension ViewInput {
  /// The connected rows: [tokens, decoder width].
  public func projected() throws(PruningError) -> Matrix { try matrix(.projected, rows: tokens) }

  /// All heads' keys side by side: [tokens, heads · headWidth].
  public func keys(layer: Int) throws(PruningError) -> Matrix { try matrix(.keys(layer: layer), rows: tokens) }

  /// The class token's scaled logits on itself: [heads].
  public func classOwnLogits(layer: Int) throws(PruningError) -> [Double] {
    let kind = EvidenceKind.classOwnLogits(layer: layer)
    guard case .vector(let logits) = try value(kind) else { throw unlike(kind) }
    guard logits.allSatisfy(\.isFinite) else {
      throw .malformedEvidence(kind, view: index, expected: "finite", found: "not")
    }
    return logits
  }

  /// Rows of `kind` that can be compared with text of `width` dimensions: [tokens, width].
  public func rows(_ kind: EvidenceKind, besideTextOf width: Int) throws(PruningError) -> Matrix {
    let rows = try matrix(kind, rows: tokens)
    guard rows.columns == width else {
      throw .malformedEvidence(
        kind, view: index, expected: "\(width) wide, as the text is", found: "\(rows.columns) wide")
    }
    return rows
  }
}
