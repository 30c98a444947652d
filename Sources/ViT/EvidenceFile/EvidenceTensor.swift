import Kernels
import Pruning

/// A tensor that a file of evidence may hold.
public enum EvidenceTensor: Sendable, Hashable {
  /// Softmax probabilities [V, H, S, S].
  case attention(Int)
  /// Scaled q·k [V, H, S, S].
  case logits(Int)
  /// [V, H, S, headWidth].
  case keys(Int)
  /// [V, N, width].
  case features
  /// [V, N, decoder width].
  case projected
  /// [texts, width].
  case text
  /// [V, N, width]: rows in the texts' space.
  case textSpace

  /// The tensor that `kind` is computed from.
  public init(holding kind: EvidenceKind) {
    switch kind {
    case .attention(let tap, let layer): self = tap.scale == .softmax ? .attention(layer) : .logits(layer)
    case .keys(let layer): self = .keys(layer)
    case .features: self = .features
    case .projected: self = .projected
    case .textSpace: self = .textSpace
    }
  }

  /// The tensor that `kind` is computed from.
  public init(holding kind: QuestionEvidenceKind) {
    switch kind {
    case .embeddings: self = .text
    }
  }

  /// Nil for an unknown name.
  init?(named name: String) {
    let parts = name.split(separator: ".", omittingEmptySubsequences: false)
    let layer = parts.count == 2 ? Int(parts[1]) : nil
    switch (parts.first, layer) {
    case ("attention", let layer?): self = .attention(layer)
    case ("logits", let layer?): self = .logits(layer)
    case ("keys", let layer?): self = .keys(layer)
    case ("features", nil) where parts.count == 1: self = .features
    case ("projected", nil) where parts.count == 1: self = .projected
    case ("text", nil) where parts.count == 1: self = .text
    case ("text_space", nil) where parts.count == 1: self = .textSpace
    default: return nil
    }
  }

  public var name: String {
    switch self {
    case .attention(let layer): "attention.\(layer)"
    case .logits(let layer): "logits.\(layer)"
    case .keys(let layer): "keys.\(layer)"
    case .features: "features"
    case .projected: "projected"
    case .text: "text"
    case .textSpace: "text_space"
    }
  }

  public var layer: Int? {
    switch self {
    case .attention(let layer), .logits(let layer), .keys(let layer): layer
    default: nil
    }
  }

  /// The shape in words, for hints.
  var shape: String {
    switch self {
    case .attention: "[V,H,S,S] (softmax probabilities)"
    case .logits: "[V,H,S,S] (scaled q·k, before softmax)"
    case .keys: "[V,H,S,headWidth]"
    case .features, .projected, .textSpace: "[V,N,width]"
    case .text: "[texts,width]"
    }
  }
}
