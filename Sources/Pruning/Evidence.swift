/// Which rows of an attention map a column sum runs over.
public enum AttentionQueries: Sendable, Hashable {
  /// Every query of the sequence, the class token's included.
  case all
  /// The patches' queries only.
  case patches
}

/// Whether a map is taken before or after softmax. Logits are scaled: q·k / √headWidth.
public enum AttentionScale: Sendable, Hashable {
  case softmax
  case logits
}

/// One quantity that a strategy may ask of the encoder (or of a tensor file). Layers are 0-based. Whatever order the tower
/// computes in, results are in raster order, one entry for each sent token (merge group), the class token left out.
public enum EvidenceKind: Sendable, Hashable {
  /// The class token's attention row after softmax over the whole sequence: [heads, tokens].
  case classAttention(layer: Int)
  /// The class token's scaled logits: [heads, tokens].
  case classLogits(layer: Int)
  /// Column sums of the head-mean map over `queries`: [tokens]; means over the members of a merge group.
  case attentionReceived(layer: Int, queries: AttentionQueries)
  /// Head-mean patch–patch block of `layer` reduced both ways: column means and row means, [tokens] each.
  case patchMeans(layer: Int, scale: AttentionScale)
  /// Head-mean keys are not enough for everyone: all heads' keys side by side, [tokens, heads × headWidth].
  case keys(layer: Int)
  /// The features that the family projects: [tokens, width].
  case features
  /// The projected rows: [tokens, decoder width].
  case projected
  /// Text embeddings [texts, width], and the rows in the same space [tokens, width].
  case text
}

/// The set of quantities that a strategy needs.
public struct Evidence: Sendable, Hashable, ExpressibleByArrayLiteral {
  public var kinds: Set<EvidenceKind>

  public init(_ kinds: some Sequence<EvidenceKind>) { self.kinds = Set(kinds) }
  public init(arrayLiteral elements: EvidenceKind...) { self.init(elements) }

  public static let none: Evidence = []

  public func union(_ other: Evidence) -> Evidence { Evidence(kinds.union(other.kinds)) }
}

extension EvidenceKind {
  /// The block whose attention this is taken from; nil for features, projections and text.
  public var layer: Int? {
    switch self {
    case .classAttention(let layer), .classLogits(let layer), .attentionReceived(let layer, _),
      .patchMeans(let layer, _), .keys(let layer):
      layer
    case .features, .projected, .text: nil
    }
  }
}
