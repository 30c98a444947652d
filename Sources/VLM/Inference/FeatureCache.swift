import Pruning
import ViT

/// What is known about one picture: its unpruned rows and evidence, which other questions, strategies and budgets
/// reuse. The tower runs once, unless evidence is requested that was not expected, or only some tokens enter it, or it
/// merges or drops rows: it computes other rows then, which are kept apart.
struct FeatureCache: Sendable {
  private var whole: (picture: EncodedPicture, evidence: Evidence)?
  /// Of some tokens, or reduced, the most recent last.
  private var parts: [(picture: EncodedPicture, evidence: Evidence)] = []
  /// Evidence that later calls will request of the whole picture: collected on the first pass, so that there is no
  /// second.
  let expected: Evidence

  /// Parts that are remembered, so that a sweep's budgets do not drive each other out and memory stays bounded.
  private static let mostParts = 4

  init(expecting expected: Evidence = .none) { self.expected = expected }

  /// The picture, encoded with at least `evidence`.
  /// - Parameters:
  ///   - tokens: of each view, those that enter the tower; nil: all.
  ///   - reduction: what becomes of the picture inside the tower; nil: every row stays.
  ///   - inspection: needs every intermediate, so the picture is encoded again.
  mutating func encoded(
    _ picture: Picture, by model: VisionLanguageModel, tokens: [[Int]]? = nil,
    reduction: PictureReduction? = nil, evidence: Evidence, inspection: TowerInspection?
  ) throws(VLMError) -> EncodedPicture {
    let isWhole = tokens == nil && reduction == nil
    let place = parts.firstIndex { $0.picture.tokens == tokens && $0.picture.reduction == reduction }
    let known = isWhole ? whole : place.map { parts[$0] }
    if inspection == nil, let known, known.evidence.kinds.isSuperset(of: evidence.kinds) { return known.picture }
    let all = evidence.union(isWhole ? expected : .none).union(known?.evidence ?? .none)
    let encoded = try model.encode(
      picture, tokens: tokens, reduction: reduction, evidence: all, inspection: inspection)
    if isWhole {
      whole = (encoded, all)
    } else {
      if let place { parts.remove(at: place) }
      parts = parts.suffix(Self.mostParts - 1) + [(encoded, all)]
    }
    return encoded
  }
}
