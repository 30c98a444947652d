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
  /// [decoder width]: the separator's embedding.
  case newline
  /// [words, decoder width]: the decoder's embeddings of the question's content words.
  case textEmbeddings
  /// Standard normal numbers, [rows, columns] as the strategy says.
  case noise
  /// A part of the projector: two linear layers.
  case projector(ProjectorPart)
  /// Keys of a decoder block after rotation: [heads, tokens, headWidth].
  case decoderKeys(Int)
  /// Its output after the decoder's final norm: [tokens, width].
  case decoderStates(Int)

  public enum ProjectorPart: String, Sendable, Hashable, CaseIterable {
    case firstWeight = "projector.0.weight"
    case firstBias = "projector.0.bias"
    case secondWeight = "projector.2.weight"
    case secondBias = "projector.2.bias"
  }

  /// The tensor that `kind` is computed from.
  public init(holding kind: EvidenceKind) {
    switch kind {
    case .attention(let tap, let layer): self = tap.scale == .softmax ? .attention(layer) : .logits(layer)
    case .classOwnLogits(let layer): self = .logits(layer)
    case .keys(let layer): self = .keys(layer)
    case .features: self = .features
    case .projected: self = .projected
    case .textSpace, .clipSpace: self = .textSpace
    }
  }

  /// The tensors that `kind` is computed from.
  public static func holding(_ kind: QuestionEvidenceKind) -> [EvidenceTensor] {
    switch kind {
    case .embeddings, .clipTexts, .clipText: [.text]
    case .words: [.textEmbeddings]
    case .decoderBlock(let layer): [.decoderKeys(layer), .decoderStates(layer)]
    }
  }

  /// The tensors that `kind` is computed from.
  public static func holding(_ kind: SharedEvidenceKind) -> [EvidenceTensor] {
    switch kind {
    case .separator: [.newline]
    case .noise: [.noise]
    case .projector: ProjectorPart.allCases.map { .projector($0) }
    }
  }

  /// Nil for an unknown name.
  init?(named name: String) {
    if let part = ProjectorPart(rawValue: name) {
      self = .projector(part)
      return
    }
    let parts = name.split(separator: ".", omittingEmptySubsequences: false)
    let layer = parts.count == 2 ? Int(parts[1]) : nil
    switch (parts.first, layer) {
    case ("attention", let layer?): self = .attention(layer)
    case ("logits", let layer?): self = .logits(layer)
    case ("keys", let layer?): self = .keys(layer)
    case ("decoder_keys", let layer?): self = .decoderKeys(layer)
    case ("decoder_states", let layer?): self = .decoderStates(layer)
    case ("newline", nil) where parts.count == 1: self = .newline
    case ("text_embeddings", nil) where parts.count == 1: self = .textEmbeddings
    case ("noise", nil) where parts.count == 1: self = .noise
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
    case .newline: "newline"
    case .textEmbeddings: "text_embeddings"
    case .noise: "noise"
    case .projector(let part): part.rawValue
    case .decoderKeys(let layer): "decoder_keys.\(layer)"
    case .decoderStates(let layer): "decoder_states.\(layer)"
    }
  }

  /// The tower's block; nil for what is not of one.
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
    case .newline: "[decoder width]"
    case .textEmbeddings: "[words,decoder width]"
    case .noise: "[rows,columns]"
    case .projector(.firstWeight): "[hidden,width]"
    case .projector(.firstBias): "[hidden]"
    case .projector(.secondWeight): "[decoder width,hidden]"
    case .projector(.secondBias): "[decoder width]"
    case .decoderKeys: "[heads,tokens,headWidth]"
    case .decoderStates: "[tokens,width]"
    }
  }
}
