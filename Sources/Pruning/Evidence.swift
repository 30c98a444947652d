import Kernels

/// One quantity that a strategy may request from the encoder, or from a tensor file. Layers are 0-based. Whatever order
/// the tower computes in, values are in raster order, one entry for each sent token (merge group), without the class
/// token.
public enum EvidenceKind: Sendable, Hashable {
  /// What a tap takes from a block's attention. Sums over a merge group are means over its members.
  case attention(AttentionTap, layer: Int)
  /// All heads' keys side by side: [tokens, heads · headWidth].
  case keys(layer: Int)
  /// The rows that the family connects to the decoder: [tokens, width].
  case features
  /// The connected rows: [tokens, decoder width].
  case projected
  /// Rows in the space of the question's embeddings: [tokens, text width]. For a model, these are its projected rows.
  case textSpace
}

extension EvidenceKind {
  /// The class token's attention row after softmax over the whole sequence: [heads, tokens].
  public static func classAttention(layer: Int) -> EvidenceKind { .attention(.classRow(.softmax), layer: layer) }

  /// The class token's scaled logits: [heads, tokens].
  public static func classLogits(layer: Int) -> EvidenceKind { .attention(.classRow(.logits), layer: layer) }

  /// Column sums of the head-mean map over `queries`: [tokens].
  public static func attentionReceived(layer: Int, queries: AttentionQueries) -> EvidenceKind {
    .attention(.received(queries), layer: layer)
  }

  /// Column means and row means of the head-mean patch–patch block: [tokens] each.
  public static func patchMeans(layer: Int, scale: AttentionScale) -> EvidenceKind {
    .attention(.patchSums(scale), layer: layer)
  }

  /// The block that the quantity is taken from; nil for features and their projections.
  public var layer: Int? {
    switch self {
    case .attention(_, let layer), .keys(let layer): layer
    case .features, .projected, .textSpace: nil
    }
  }
}

extension EvidenceKind: CustomStringConvertible {
  /// The quantity in words.
  public var description: String {
    switch self {
    case .attention(let tap, let layer): Self.describe(tap, of: "block \(layer)")
    case .keys(let layer): "keys of block \(layer)"
    case .features: "features"
    case .projected: "projected features"
    case .textSpace: "rows in the space of the text"
    }
  }

  private static func describe(_ tap: AttentionTap, of block: String) -> String {
    switch tap {
    case .classRow(.softmax): "class attention of \(block)"
    case .classRow(.logits): "class logits of \(block)"
    case .received(.all): "attention received in \(block)"
    case .received(.patches): "attention received from patches in \(block)"
    case .patchSums(.softmax): "patch-to-patch attention of \(block)"
    case .patchSums(.logits): "patch-to-patch logits of \(block)"
    case .map(.softmax): "the attention map of \(block)"
    case .map(.logits): "the map of logits of \(block)"
    }
  }
}

/// What a strategy may request about the question. It is separate from the image's evidence, so that another question
/// about the same picture does not run the tower.
public enum QuestionEvidenceKind: Sendable, Hashable {
  /// The question's token embeddings: [texts, width].
  case embeddings
}

/// The quantities that a strategy needs, of the image and of the question.
public struct Evidence: Sendable, Hashable, ExpressibleByArrayLiteral {
  public var kinds: Set<EvidenceKind>
  public var question: Set<QuestionEvidenceKind>

  public init(_ kinds: some Sequence<EvidenceKind>, question: Set<QuestionEvidenceKind> = []) {
    self.kinds = Set(kinds)
    self.question = question
  }

  public init(arrayLiteral elements: EvidenceKind...) { self.init(elements) }

  public static let none: Evidence = []

  public func union(_ other: Evidence) -> Evidence {
    Evidence(kinds.union(other.kinds), question: question.union(other.question))
  }
}
