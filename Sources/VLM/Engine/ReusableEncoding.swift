import Pruning

/// What is known of one picture: its unpruned features and evidence, which other strategies and budgets can use again.
struct ReusableEncoding: Sendable {
  private var known: (picture: EncodedPicture, evidence: Evidence, packing: ViewPacking)?
  /// Evidence that will be asked for later: collected on the first pass, so that there is no second.
  let expected: Evidence

  init(expecting expected: Evidence = .none) { self.expected = expected }

  /// The picture, encoded with at least `evidence`.
  mutating func encoded(
    _ picture: Picture, by model: VisionLanguageModel, evidence: Evidence, packing: ViewPacking, question: String,
    recorder: InspectionRecorder?
  ) throws(VLMError) -> EncodedPicture {
    // Evidence about the question is another for every question, and whoever inspects wants every intermediate.
    let isReusable = recorder == nil && !evidence.kinds.contains(.text)
    if isReusable, let known, known.packing == packing, known.evidence.kinds.isSuperset(of: evidence.kinds) {
      return known.picture
    }
    let all = isReusable ? evidence.union(expected).union(known?.evidence ?? .none) : evidence
    let encoded = try model.encode(
      picture, evidence: all, packing: packing, question: question, recorder: recorder)
    if isReusable { known = (encoded, all, packing) }
    return encoded
  }
}
