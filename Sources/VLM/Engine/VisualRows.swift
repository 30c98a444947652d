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
  /// - Parameter encoding: what is known of the picture, used where it suffices and replaced where it does not.
  func visualRows(
    of picture: Picture, setting: PruningSetting, question: String, encoding: inout ReusableEncoding,
    timings: inout StageTimings, recorder: InspectionRecorder?
  ) throws(VLMError) -> VisualRows {
    let clock = ContinuousClock()
    let evidence = try evidence(for: setting, of: picture).union(recorder?.evidence ?? .none)
    let start = clock.now
    let encoded = try encoding.encoded(
      picture, by: self, evidence: evidence, packing: setting.packing, question: question, recorder: recorder)
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

  /// What a setting reads of a picture: nothing when it keeps everything.
  public func evidence(for setting: PruningSetting, of picture: Picture) throws(VLMError) -> Evidence {
    try wrapping { () throws(PruningError) in
      try StrategyRunner.evidence(
        for: setting.strategy, on: description, layout: picture.layout, keeping: setting.budget)
    }
  }

  /// Applies a plan: gathers kept features, projects only those, and puts separators between them.
  func visualRows(of picture: EncodedPicture, plan: ImagePlan) throws(VLMError) -> VisualRows {
    let dense = ImagePlan.dense(of: picture.image)
    let application = plan.applied(to: picture.features, classTokens: picture.classTokens)
    var kept = application.rows
    var places = plan.positions(.original, before: dense)
    // The class token of a single view, which no strategy decides about.
    let extra = picture.sendsClassToken && picture.image.layout == .single ? 1 : 0
    if extra > 0 {
      kept = Matrix(
        rows: kept.rows + 1, columns: kept.columns, values: Array(picture.classTokens.row(0)) + kept.values)
      places = [0] + places.map { $0 + 1 }
    }
    let projected = projector(kept, workers: workers)
    guard projected.values.allSatisfy(\.isFinite) else { throw .notFinite(stage: "the projector") }
    let classRows = plan == dense ? plan.views.reduce(0) { $0 + $1.anchors.count { $0 == ViewPlan.classSource } } : 0
    return VisualRows(
      plan: plan, rows: insertSeparators(at: application.separators, into: projected), originalPlaces: places,
      unprunedLength: dense.sequence.count + extra, total: picture.image.visualTokens,
      kept: plan.keptTokens - classRows)
  }

  /// The rows with the family's separator at the given positions of the whole sequence, ascending.
  private func insertSeparators(at positions: [Int], into rows: Matrix) -> Matrix {
    guard !positions.isEmpty, let newline = highResolution?.newline else { return rows }
    var values: [Float] = []
    values.reserveCapacity(rows.values.count + positions.count * rows.columns)
    var next = 0
    var remaining = positions[...]
    for position in 0..<rows.rows + positions.count {
      if remaining.first == position {
        values += newline
        remaining.removeFirst()
      } else {
        values += rows.row(next)
        next += 1
      }
    }
    return Matrix(rows: rows.rows + positions.count, columns: rows.columns, values: values)
  }
}
