import Basics
import Kernels
import Pruning
import VLM

/// What choosing tokens costs, beside encoding the picture.
public struct SelectionRow: Sendable {
  public let strategy: String
  public let visualTokens: Int
  public let kept: Int
  /// Of the choice alone.
  public let prune: Spread
  /// Of the tower without any evidence, all views.
  public let encodeMilliseconds: Double
  /// The choice's time ÷ the tower's.
  public var share: Double { prune.median / encodeMilliseconds }
}

/// Times every strategy between tower and decoder on the same evidence: one view of the model, or several as a
/// thumbnail and crops.
public struct SelectionBenchmark: Sendable {
  private let model: VisionLanguageModel
  private let picture: PictureDescription
  private let image: EncodedImage
  private let question: QuestionEvidence
  private let encodeMilliseconds: Double
  private let strategies: [any PruningStrategy]

  /// The width of CLIP-L's joint space: what is read there stands for it, since numbers do not change the cost.
  private static let jointWidth = 768

  /// Encodes a picture for each view.
  /// - Parameters:
  ///   - crops: rows and columns of crops after the thumbnail; nil: one view.
  ///   - rounds: of the tower's time.
  /// - Throws: for a model that sees pictures as several views by itself.
  public init(model: VisionLanguageModel, crops: Grid?, rounds: Int) throws(VLMError) {
    let first = try model.picture(Benchmark.patternFile(for: model, phase: 0), file: "pattern")
    let single = model.family.describe(first, packing: .spatial)
    let views = 1 + (crops?.count ?? 0)
    picture = crops.map { Self.cut(single, into: $0) } ?? single
    strategies = Self.strategies(on: model)
    var evidence = Evidence.none
    for strategy in strategies {
      evidence = evidence.union((try? strategy.evidence(for: picture)) ?? .none)
    }
    var kinds = evidence.kinds
    kinds.remove(.clipSpace)
    var found: [ViewEvidence] = []
    var plain = Spread()
    for view in 0..<views {
      let picture = try model.picture(Benchmark.patternFile(for: model, phase: view), file: "pattern")
      var measured = try model.encode(picture, evidence: Evidence(kinds))
      found.append(Self.withJointSpace(measured))
      for _ in 0..<(view == 0 ? rounds : 0) {
        let clock = ContinuousClock()
        let start = clock.now
        measured = try model.encode(picture, evidence: .none)
        plain.add(clock.now - start)
      }
    }
    self.model = model
    encodeMilliseconds = plain.median * Double(views)
    let embeddings = model.decoder.embed(Array(1...8))
    image = EncodedImage(
      picture, views: found,
      shared: SharedEvidence(
        separator: embeddings.rows(0..<1), projector: model.family.projectorWeights(workers: model.workers)))
    let joint = Matrix(rows: 1, columns: Self.jointWidth, values: [Float](repeating: 1, count: Self.jointWidth))
    question = [.embeddings: embeddings, .words: embeddings, .clipTexts: joint, .clipText: joint]
  }

  /// Each strategy in the catalogue's order, with its default options.
  /// - Parameter budget: one that a strategy refuses leaves it out.
  public func rows(keeping budget: Budget, rounds: Int) -> [SelectionRow] {
    strategies.compactMap { strategy in
      var prune = Spread()
      var kept = 0
      for round in 0...rounds {
        let clock = ContinuousClock()
        let start = clock.now
        guard
          let plan = try? StrategyRunner.plan(
            strategy, for: image, question: question, keeping: budget, seed: 0, workers: model.workers)
        else { return nil }
        if round > 0 { prune.add(clock.now - start) }
        kept = plan.keptTokens
      }
      return SelectionRow(
        strategy: type(of: strategy).name, visualTokens: picture.visualTokens, kept: kept, prune: prune,
        encodeMilliseconds: encodeMilliseconds)
    }
  }

  /// What works between this model's tower and decoder.
  private static func strategies(on model: VisionLanguageModel) -> [any PruningStrategy] {
    let hasClassToken = model.towerDescription.hasClassToken
    return StrategyCatalogue.standard.strategies.compactMap { type in
      guard type.prunes, type.obstacle(hasClassToken: hasClassToken) == nil, type.place == .beforeDecoder,
        !type.comparesFrames
      else { return nil }
      return try? StrategyCatalogue.standard.make(parsing: type.name)
    }
  }

  private static func cut(_ single: PictureDescription, into crops: Grid) -> PictureDescription {
    let grid = single.patchGrids[0]
    let sent = Arrangement.thumbnailAndRaster(of: crops, grid: single.grids[0])
    return PictureDescription(
      tower: single.tower, layout: .thumbnailAndCrops(crops),
      patchGrids: [Grid](repeating: grid, count: 1 + crops.count),
      imageSize: PixelSize(width: single.imageSize.width * crops.columns, height: single.imageSize.height * crops.rows),
      digest: single.digest, unpruned: sent, pruned: sent)
  }

  private static func withJointSpace(_ picture: EncodedPicture) -> ViewEvidence {
    var evidence = picture.evidence[0]
    let features = picture.features[0]
    var values: [Float] = []
    for row in 0..<features.rows {
      values += (0..<jointWidth).map { features[row, $0 % features.columns] }
    }
    evidence[.clipSpace] = .matrix(Matrix(rows: features.rows, columns: jointWidth, values: values))
    return evidence
  }
}
