import Kernels
import Pruning
import ViT

/// What is sent of a picture, and what that depends on.
struct SentPicture: Sendable {
  let key: VisualKey
  let rows: VisualRows
}

extension VisionLanguageModel {
  /// Takes one picture from pixels to decoder rows: describe, encode, plan, connect. Times the stages.
  /// - Parameters:
  ///   - spec: the setting's strategy with every option spelled out.
  ///   - known: what was last sent of the picture; it is sent again if nothing that it depends on has changed.
  ///   - features: what is known about the picture; replaced if it does not suffice.
  func sentPicture(
    _ picture: Picture, setting: PruningSetting, spec: StrategySpec, question: String, known: SentPicture?,
    features: inout FeatureCache, timings: inout StageTimings, inspection: Inspection?
  ) throws(VLMError) -> SentPicture {
    let description = family.describe(picture, packing: setting.packing)
    let needed = try wrapping { () throws(PruningError) in
      try StrategyRunner.evidence(for: setting.strategy, of: description, keeping: setting.budget)
    }
    let key = VisualKey(
      digest: picture.digest, kind: picture.kind, picture: description, strategy: spec, budget: setting.budget,
      seed: setting.seed, question: needed.question.isEmpty ? nil : question)
    if let known, known.key == key { return known }
    let clock = ContinuousClock()
    let start = clock.now
    let wished = needed.union(inspection?.wishes.evidence ?? .none)
    let encoded = try features.encoded(picture, by: self, evidence: wished, inspection: inspection?.ofTower)
    let encodedAt = clock.now
    let plan = try plan(
      encoded, of: description, question: questionEvidence(needed.question, of: question), setting: setting)
    let plannedAt = clock.now
    inspection?.take(encoded, of: description)
    let rows = try visualRows(of: encoded, picture: description, plan: plan)
    timings.encode += encodedAt - start
    timings.prune += plannedAt - encodedAt
    timings.project += clock.now - plannedAt
    return SentPicture(key: key, rows: rows)
  }

  /// Decides what is sent of an encoded picture.
  /// - Parameter question: the question's evidence that the setting's strategy requests.
  public func plan(
    _ encoded: EncodedPicture, of picture: PictureDescription, question: QuestionEvidence, setting: PruningSetting
  ) throws(VLMError) -> ImagePlan {
    let workers = workers
    return try wrapping { () throws(PruningError) in
      try StrategyRunner.plan(
        setting.strategy, for: EncodedImage(picture, views: encoded.evidence), question: question,
        keeping: setting.budget, seed: setting.seed, workers: workers)
    }
  }

  /// Applies a plan: gathers kept rows, connects only those, and puts separators between them.
  public func visualRows(
    of encoded: EncodedPicture, picture: PictureDescription, plan: ImagePlan
  ) throws(VLMError) -> VisualRows {
    let dense = ImagePlan.dense(of: picture)
    let separators: [Int]
    var connected: Matrix
    if let projected = encoded.projected, plan.copiesRows {
      // All rows were already connected as evidence.
      let application = plan.applied(to: projected)
      (connected, separators) = (application.rows, application.separators)
    } else {
      let application = plan.applied(to: encoded.features, classTokens: encoded.classTokens)
      (connected, separators) = (family.connect(application.rows, workers: workers), application.separators)
    }
    guard connected.values.allSatisfy(\.isFinite) else { throw .notFinite(stage: "the projector") }
    var levels = connected.columnBlocks(of: decoder.configuration.width)
    connected = levels.removeFirst()
    if let separator = family.separator { connected = connected.inserting(separator, at: separators) }
    return VisualRows(
      plan: plan, rows: connected, levels: levels, originalPlaces: plan.positions(.original, before: dense),
      unprunedLength: dense.sequence.count, grids: picture.grids)
  }
}

extension Matrix {
  /// These columns in blocks of `width`, the first one first: [rows, width] each.
  func columnBlocks(of width: Int) -> [Matrix] {
    guard columns > width else { return [self] }
    return stride(from: 0, to: columns, by: width).map { first in
      var block: [Float] = []
      block.reserveCapacity(rows * width)
      for start in stride(from: first, to: values.count, by: columns) { block += values[start..<start + width] }
      return Matrix(rows: rows, columns: width, values: block)
    }
  }

  /// These rows with `row` at the given positions of the result, ascending.
  fileprivate func inserting(_ row: [Float], at positions: [Int]) -> Matrix {
    guard !positions.isEmpty else { return self }
    var values: [Float] = []
    values.reserveCapacity(self.values.count + positions.count * columns)
    var next = 0
    var remaining = positions[...]
    for position in 0..<rows + positions.count {
      if remaining.first == position {
        values += row
        remaining.removeFirst()
      } else {
        values += self.row(next)
        next += 1
      }
    }
    return Matrix(rows: rows + positions.count, columns: columns, values: values)
  }
}
