import Kernels

/// One quantity that a strategy may request from the encoder, or from a tensor file. Layers are 0-based. Whatever order
/// the tower computes in, values are in raster order, one entry for each sent token (merge group), without the class
/// token.
public enum EvidenceKind: Sendable, Hashable {
  /// What a tap takes from a block's attention. Sums over a merge group are means over its members.
  case attention(AttentionTap, layer: Int)
  /// The class token's scaled logit on itself, which its softmax row needs: [heads].
  case classOwnLogits(layer: Int)
  /// All heads' keys side by side: [tokens, heads · headWidth].
  case keys(layer: Int)
  /// The rows that the family connects to the decoder: [tokens, width].
  case features
  /// The connected rows: [tokens, decoder width].
  case projected
  /// Rows in the space of the question's embeddings: [tokens, text width]. For a model, these are its projected rows.
  case textSpace
  /// The features in the joint space of CLIP's pictures and texts, not normalised: [tokens, joint width].
  case clipSpace
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
    case .attention(_, let layer), .keys(let layer), .classOwnLogits(let layer): layer
    case .features, .projected, .textSpace, .clipSpace: nil
    }
  }
}

extension EvidenceKind: CustomStringConvertible {
  /// The quantity in words.
  public var description: String {
    switch self {
    case .attention(let tap, let layer): Self.describe(tap, of: "block \(layer)")
    case .classOwnLogits(let layer): "the class token's logits on itself in block \(layer)"
    case .keys(let layer): "keys of block \(layer)"
    case .features: "features"
    case .projected: "projected features"
    case .textSpace: "rows in the space of the text"
    case .clipSpace: "features in CLIP's joint space"
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
  /// The decoder's input embeddings of the question's content words: [words, decoder width].
  case words
  /// The question's segments after CLIP's text tower: [texts, joint width].
  case clipTexts
  /// As much of the question as CLIP's text tower reads at once: [1, joint width].
  case clipText
  /// The prompt inside the decoder, after this 0-based block.
  case decoderBlock(Int)
}

extension QuestionEvidenceKind: CustomStringConvertible {
  /// The quantity in words.
  public var description: String {
    switch self {
    case .embeddings: "text embeddings"
    case .words: "embeddings of its words"
    case .clipTexts, .clipText: "the question through CLIP's text tower"
    case .decoderBlock(let layer): "keys and states of decoder block \(layer)"
    }
  }
}

/// What a strategy may request that belongs to no view and to no question.
public enum SharedEvidenceKind: Sendable, Hashable, CaseIterable {
  /// The family's separator (newline) row: [1, decoder width].
  case separator
  /// The weights of the family's projector, which must be two linear layers with a GELU between.
  case projector
  /// Standard normal numbers to use in place of the strategy's own draw. Only files have them.
  case noise

  /// Whether a strategy does without it.
  public var isOptional: Bool { self == .noise }
}

extension SharedEvidenceKind: CustomStringConvertible {
  /// The quantity in words.
  public var description: String {
    switch self {
    case .separator: "newline row"
    case .projector: "projector of two linear layers"
    case .noise: "random numbers"
    }
  }
}

/// The quantities that a strategy needs, of the image, of the question and of the model.
public struct Evidence: Sendable, Hashable, ExpressibleByArrayLiteral {
  public var kinds: Set<EvidenceKind>
  public var question: Set<QuestionEvidenceKind>
  public var shared: Set<SharedEvidenceKind>

  public init(
    _ kinds: some Sequence<EvidenceKind>, question: Set<QuestionEvidenceKind> = [],
    shared: Set<SharedEvidenceKind> = []
  ) {
    self.kinds = Set(kinds)
    self.question = question
    self.shared = shared
  }

  public init(arrayLiteral elements: EvidenceKind...) { self.init(elements) }

  public static let none: Evidence = []

  public func union(_ other: Evidence) -> Evidence {
    Evidence(
      kinds.union(other.kinds), question: question.union(other.question), shared: shared.union(other.shared))
  }
}
