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
    let needed = try evidence(for: setting, of: picture)
    let key = VisualKey(
      digest: picture.digest, kind: picture.kind, picture: description, strategy: spec, budget: setting.budget,
      seed: setting.seed, question: needed.question.isEmpty ? nil : question)
    if let known, known.key == key { return known }
    let clock = ContinuousClock()
    let start = clock.now
    let wished = needed.union(inspection?.wishes.evidence ?? .none)
    let early = try planBeforeEncoder(picture, setting: setting)
    let reduction = try reduction(of: description, setting: setting)
    let decidedAt = clock.now
    let encoded = try features.encoded(
      picture, by: self, tokens: early?.sources, reduction: reduction, evidence: wished,
      inspection: inspection?.ofTower)
    let encodedAt = clock.now
    let plan =
      if let early { early } else {
        try plan(
          encoded, of: description, question: questionEvidence(needed.question, of: question), setting: setting)
      }
    let plannedAt = clock.now
    inspection?.take(encoded, of: description)
    let rows = try visualRows(of: encoded, picture: description, plan: plan)
    timings.encode += encodedAt - decidedAt
    timings.prune += decidedAt - start + (plannedAt - encodedAt)
    timings.project += clock.now - plannedAt
    return SentPicture(key: key, rows: rows)
  }

  /// Decides what is sent of an encoded picture.
  /// - Parameter question: the question's evidence that the setting's strategy requests.
  /// - Returns: a plan of the tokens that left the tower.
  public func plan(
    _ encoded: EncodedPicture, of picture: PictureDescription, question: QuestionEvidence, setting: PruningSetting
  ) throws(VLMError) -> ImagePlan {
    let model = self
    return try wrapping { () throws(PruningError) in
      let needed = try model.evidenceAfterTower(setting, of: picture)
      let (strategy, budget) = try model.afterTower(setting, of: picture, encoded.reduction)
      let seen = encoded.reduction.map { picture.reduced(to: $0.tokens) } ?? picture
      let image = EncodedImage(seen, views: encoded.evidence, shared: model.sharedEvidence(needed.shared))
      return try StrategyRunner.plan(
        strategy, for: image, question: question, keeping: budget, seed: setting.seed, workers: model.workers)
    }
  }

  /// Applies a plan of the tokens that left the tower: gathers kept rows, connects only those, and puts separators
  /// between them.
  public func visualRows(
    of encoded: EncodedPicture, picture: PictureDescription, plan: ImagePlan
  ) throws(VLMError) -> VisualRows {
    let dense = ImagePlan.dense(of: picture)
    let (present, plan) = placed(plan, of: encoded, picture: picture)
    let application: ImagePlan.Application
    var connected: Matrix
    if let projected = encoded.projected, present.copiesRows {
      // All rows were already connected as evidence.
      application = present.applied(to: projected)
      connected = application.rows
    } else {
      application = present.applied(to: encoded.features, classTokens: encoded.classTokens)
      connected = family.connect(application.rows, workers: workers)
    }
    guard connected.values.allSatisfy(\.isFinite) else { throw .notFinite(stage: "the projector") }
    var levels = connected.columnBlocks(of: decoder.configuration.width)
    connected = levels.removeFirst()
    var inserted = Dictionary(
      uniqueKeysWithValues: application.zeros.map { ($0, [Float](repeating: 0, count: connected.columns)) })
    if let separator = family.separator { for place in application.separators { inserted[place] = separator } }
    connected = connected.inserting(inserted)
    return VisualRows(
      plan: plan, rows: connected, levels: levels, originalPlaces: plan.positions(.original, before: dense),
      unprunedLength: dense.sequence.count, grids: picture.grids, reduced: encoded.reduced)
  }

  /// A plan in terms of the rows at hand, and in terms of the picture's patches.
  private func placed(
    _ plan: ImagePlan, of encoded: EncodedPicture, picture: PictureDescription
  ) -> (present: ImagePlan, patches: ImagePlan) {
    guard let reduced = encoded.reduced, let reduction = encoded.reduction else {
      return (encoded.tokens.map(plan.counted) ?? plan, plan)
    }
    return plan.placed(by: reduced, arrangement: reduction.method.order == .raster ? picture.pruned : nil)
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

  /// These rows with others at the given positions of the result.
  fileprivate func inserting(_ others: [Int: [Float]]) -> Matrix {
    guard !others.isEmpty else { return self }
    var values: [Float] = []
    values.reserveCapacity(self.values.count + others.count * columns)
    var next = 0
    for position in 0..<rows + others.count {
      if let row = others[position] {
        values += row
      } else {
        values += self.row(next)
        next += 1
      }
    }
    return Matrix(rows: rows + others.count, columns: columns, values: values)
  }
}
