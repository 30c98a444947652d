import Kernels
import Language
import Pruning

/// A prompt that the cache holds, and what became of its visual rows.
public struct PrunedPrefill: Sendable {
  public let prefill: ReducedPrefill
  public let record: DecoderPruningRecord
}

extension VisionLanguageModel {
  /// Runs a whole prompt as a setting wants it, dropping rows on the way.
  /// - Parameters:
  ///   - embeddings, positions, additions: as `Decoder.run`.
  ///   - visual: what is sent of each picture.
  ///   - cache: empty.
  /// - Returns: nil, and nothing has run, if the setting drops nothing inside the decoder.
  public func prefill(
    _ embeddings: Matrix, positions: [Position], additions: LayerAdditions? = nil, spans: [PictureSpan],
    visual: [VisualRows], setting: PruningSetting, cache: inout KeyValueCache
  ) throws(VLMError) -> PrunedPrefill? {
    let pruning = try pruning(
      of: spans, in: embeddings, positions: positions, visual: visual, setting: setting)
    guard var reduction = pruning.map(PromptReduction.init) else { return nil }
    do {
      let prefill = try decoder.prefill(
        embeddings, positions: positions, additions: additions, reducing: &reduction, cache: &cache, workers: workers)
      return PrunedPrefill(prefill: prefill, record: reduction.pruning.record)
    } catch { throw .pruning(error) }
  }

  /// One prefill under the setting's method inside the decoder; nil if nothing is dropped there.
  func pruning(
    of spans: [PictureSpan], in embeddings: Matrix, positions: [Position], visual: [VisualRows],
    setting: PruningSetting
  ) throws(VLMError) -> PromptPruning? {
    guard let method = setting.strategy.inDecoder else { return nil }
    let model = self
    return try wrapping { () throws(PruningError) in
      var pictures: [PromptLayout.PictureRows] = []
      for span in spans {
        let sent = visual[span.picture]
        pictures.append(
          PromptLayout.PictureRows(
            rows: span.rows, codes: Array(sent.plan.sequenceCodes[span.ofPicture]),
            share: try model.share(of: span, sent: sent, setting: setting)))
      }
      if pictures.allSatisfy({ $0.share == .all }) { return nil }
      return try PromptPruning(
        method, keeping: setting.budget,
        layout: PromptLayout(
          positions: positions, pictures: pictures, canRenumber: !type(of: model.family).numbersGrids,
          fusedBefore: visual.reduce(0) { $0 + ($1.reduced ?? []).reduce(0) { $0 + $1.fused } }),
        embeddings: embeddings, decoder: DecoderDescription(model.decoder), workers: model.workers)
    }
  }

  /// What is kept on average of rows that stand together. A budget counts the tokens of a whole picture, before any
  /// pruning.
  private func share(
    of span: PictureSpan, sent: VisualRows, setting: PruningSetting
  ) throws(PruningError) -> Budget {
    let (budget, first) = (setting.budget, type(of: setting.strategy.beforeDecoder))
    if budget.isEverything(of: sent.total) { return .all }
    let parts = sent.rows.rows / max(span.ofPicture.count, 1)
    guard first.prunes || parts > 1 else { return budget }
    let wanted = try budget.rows(of: sent.total)
    if first.prunes {
      guard wanted <= sent.kept else {
        throw .stageBelowBudget(strategy: first.name, sent: sent.kept, wanted: wanted)
      }
      if wanted == sent.kept { return .all }
    }
    let count = wanted * span.ofPicture.count / sent.rows.rows
    guard count > 0 else { throw .budgetTooSmall(budget, smallest: parts, views: parts) }
    return .count(count)
  }

  /// Refuses what a method inside the decoder cannot do with a picture, before the picture is encoded. What a strategy
  /// before it sends is known later.
  func checkInside(_ setting: PruningSetting, of picture: PictureDescription) throws(VLMError) {
    guard let method = setting.strategy.inDecoder, setting.budget != .adaptive,
      !setting.budget.isEverything(of: picture.visualTokens),
      !type(of: setting.strategy.beforeDecoder).prunes
    else { return }
    let rows = ImagePlan.dense(of: picture).sequence.count
    let decoder = DecoderDescription(decoder)
    _ = try wrapping { () throws(PruningError) in
      try method.cuts(keeping: setting.budget, of: rows, on: decoder)
    }
  }

  /// The same before any picture is read: options, and the budget where all pictures have one size.
  func checkInside(_ setting: PruningSetting, options: PictureOptions) throws(VLMError) {
    guard setting.strategy.inDecoder != nil else { return }
    _ = try spec(of: setting)
    guard let largest = family.largestPicture(of: .image, grid: options.grid), largest.layout == .single else { return }
    try checkInside(setting, of: largest)
  }
}
