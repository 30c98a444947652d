import Pruning
import ViT

/// What is known about one picture: its unpruned rows and evidence, which other questions, strategies and budgets
/// reuse. The tower runs once, unless evidence is requested that was not expected, or only some tokens enter it: it
/// computes other rows then, which are kept apart.
struct FeatureCache: Sendable {
  private(set) var whole: (picture: EncodedPicture, evidence: Evidence)?
  /// Of some tokens, the most recent last.
  private(set) var parts: [(picture: EncodedPicture, evidence: Evidence)] = []
  /// Evidence that later calls will request of the whole picture: collected on the first pass, so that there is no
  /// second.
  let expected: Evidence
  /// How often the tower ran.
  private(set) var encodings = 0

  /// Parts that are remembered, so that a sweep's budgets do not drive each other out and memory stays bounded.
  private static let mostParts = 4

  /// - Parameter whole: what is known already, from a file.
  init(expecting expected: Evidence = .none, whole: (picture: EncodedPicture, evidence: Evidence)? = nil) {
    self.expected = expected
    self.whole = whole
  }

  /// The picture, encoded with at least `evidence`.
  /// - Parameters:
  ///   - tokens: of each view, those that enter the tower; nil: all.
  ///   - inspection: needs every intermediate, so the picture is encoded again.
  ///   - beforeBlock: as in `TowerInput`.
  mutating func encoded(
    _ picture: Picture, by model: VisionLanguageModel, tokens: [[Int]]? = nil, evidence: Evidence,
    inspection: TowerInspection?, beforeBlock: (() -> Void)? = nil
  ) throws(VLMError) -> EncodedPicture {
    let place = parts.firstIndex { $0.picture.tokens == tokens }
    let known = tokens == nil ? whole : place.map { parts[$0] }
    if inspection == nil, let known, known.evidence.kinds.isSuperset(of: evidence.kinds) { return known.picture }
    let all = evidence.union(tokens == nil ? expected : .none).union(known?.evidence ?? .none)
    let encoded = try model.encode(
      picture, tokens: tokens, evidence: all, inspection: inspection, beforeBlock: beforeBlock)
    encodings += 1
    if tokens == nil {
      whole = (encoded, all)
    } else {
      if let place { parts.remove(at: place) }
      parts = parts.suffix(Self.mostParts - 1) + [(encoded, all)]
    }
    return encoded
  }
}
