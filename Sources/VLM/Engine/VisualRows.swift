import Kernels
import Pruning

/// What is sent of one picture: projected rows, and where they stood before pruning.
public struct VisualRows: Sendable {
  public let plan: ImagePlan
  /// [rows, decoder width], in the order of the sequence.
  public let rows: Matrix
  /// Each row's place in the picture's unpruned sequence.
  public let originalPlaces: [Int]
  /// Length of the unpruned sequence.
  public let unprunedLength: Int
  /// Visual tokens before pruning; separators and a class token that is always sent are not counted.
  public let total: Int
  /// Visual tokens kept, counted likewise.
  public let kept: Int
}

extension VisionLanguageModel {
  /// Every token of each view, projected: [tokens, decoder width].
  public func project(_ features: [Matrix]) -> [Matrix] { features.map { projector($0, workers: workers) } }

  /// Encodes and prunes one picture, and projects what was kept. Times the stages.
  func visualRows(
    of picture: Picture, setting: PruningSetting, question: String, timings: inout StageTimings,
    recorder: InspectionRecorder?
  ) throws(VLMError) -> VisualRows {
    let clock = ContinuousClock()
    let evidence = try wrapping { () throws(PruningError) in
      try StrategyRunner.evidence(
        for: setting.strategy, on: description, layout: picture.layout, keeping: setting.budget)
    }
    let start = clock.now
    let encoded = try encode(
      picture, evidence: evidence.union(recorder?.evidence ?? .none), question: question, recorder: recorder)
    let encodedAt = clock.now
    let plan = try wrapping { () throws(PruningError) in
      try StrategyRunner.plan(setting.strategy, for: encoded.image, keeping: setting.budget, seed: setting.seed)
    }
    let plannedAt = clock.now
    recorder?.record(encoded)
    let rows = try visualRows(of: encoded, plan: plan)
    timings.encode += encodedAt - start
    timings.prune += plannedAt - encodedAt
    timings.project += clock.now - plannedAt
    return rows
  }

  /// Applies a plan: gathers kept features and projects only those.
  private func visualRows(of picture: EncodedPicture, plan: ImagePlan) throws(VLMError) -> VisualRows {
    let dense = ImagePlan.dense(layout: picture.image.layout, grid: description.grid)
    let application = plan.applied(to: picture.features, classTokens: picture.classTokens)
    precondition(application.separators.isEmpty, "this family has no separator token")
    var kept = application.rows
    var places = plan.positions(.original, before: dense)
    let extra = features.sendsClassToken ? 1 : 0
    if features.sendsClassToken {
      kept = Matrix(
        rows: kept.rows + 1, columns: kept.columns, values: Array(picture.classTokens.row(0)) + kept.values)
      places = [0] + places.map { $0 + 1 }
    }
    let projected = projector(kept, workers: workers)
    guard projected.values.allSatisfy(\.isFinite) else { throw .notFinite(stage: "the projector") }
    return VisualRows(
      plan: plan, rows: projected, originalPlaces: places, unprunedLength: dense.sequence.count + extra,
      total: picture.image.visualTokens, kept: plan.keptTokens)
  }
}
