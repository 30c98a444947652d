import Pruning
import ViT

/// What is known about one picture: its unpruned rows and evidence, which other questions, strategies and budgets
/// reuse. The tower runs once, unless evidence is requested that was not expected.
struct FeatureCache: Sendable {
  private var known: (picture: EncodedPicture, evidence: Evidence)?
  /// Evidence that later calls will request: collected on the first pass, so that there is no second.
  let expected: Evidence

  init(expecting expected: Evidence = .none) { self.expected = expected }

  /// The picture, encoded with at least `evidence`.
  /// - Parameter inspection: needs every intermediate, so the picture is encoded again.
  mutating func encoded(
    _ picture: Picture, by model: VisionLanguageModel, evidence: Evidence, inspection: TowerInspection?
  ) throws(VLMError) -> EncodedPicture {
    if inspection == nil, let known, known.evidence.kinds.isSuperset(of: evidence.kinds) { return known.picture }
    let all = evidence.union(expected).union(known?.evidence ?? .none)
    let encoded = try model.encode(picture, evidence: all, inspection: inspection)
    known = (encoded, all)
    return encoded
  }
}
