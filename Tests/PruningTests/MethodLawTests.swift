import Basics
import Foundation
import Kernels
import Testing

@testable import Pruning

/// What must hold of methods whose numbers are random, or that nobody's code can be asked about.
@Suite struct `Laws of the methods between tower and decoder` {
  private let tower = Samples.tower(6, 8)

  /// A picture with class attention, keys and features of 48 tokens.
  private func image(seed: UInt64 = 1, crops: Grid? = nil, width: Int = 12) -> SampleImage {
    let layer = tower.featureLayer
    return Samples.image(tower, crops: crops) { evidence, view in
      let seed = seed &+ UInt64(view) * 100
      let attention = Samples.noise(3 * 48, seed: seed).map { abs($0) / 48 }
      evidence[.classAttention(layer: layer)] = .matrix(Matrix(rows: 3, columns: 48, values: attention))
      evidence[.keys(layer: layer)] = .matrix(Samples.matrix(48, 12, seed: seed &+ 1))
      evidence[.features] = .matrix(Samples.matrix(48, width, seed: seed &+ 2))
      evidence[.projected] = .matrix(Samples.matrix(48, width, seed: seed &+ 3))
      evidence[.clipSpace] = .matrix(Samples.matrix(48, 5, seed: seed &+ 4))
    }
  }

  private func plan(
    _ spec: String, _ image: SampleImage, keep: String, question: QuestionEvidence = [:],
    shared: SharedEvidence = SharedEvidence(), seed: UInt64 = 0
  ) throws -> ImagePlan {
    try StrategyRunner.plan(
      try StrategyCatalogue.standard.make(parsing: spec),
      for: EncodedImage(image.picture, views: image.views, shared: shared), question: question,
      keeping: try Budget(parsing: keep), seed: seed)
  }

  @Test(arguments: [5, 12, 40])
  func `VisionZip keeps or merges each token once, and sends the class token`(count: Int) throws {
    let plan = try plan("visionzip", image(), keep: "\(count)")
    #expect(plan.sequenceCodes.count == count && plan.sequenceCodes.first == -100)
    #expect(plan.views[0].sources.sorted() == [-1] + Array(0..<48))
  }

  @Test func `HoloV with one window takes the best by attention, best first`() throws {
    let image = image()
    guard case .matrix(let attention)? = image.views[0][.classAttention(layer: tower.featureLayer)] else { return }
    let best = Ranking.top(9, of: attention.columnMeans())
    #expect(try plan("holov(windows=1)", image, keep: "9").views[0].anchors == best)
  }

  @Test(arguments: [3, 20, 45])
  func `HoloV sends its budget, with rows of zeros if need be`(count: Int) throws {
    let released = try plan("holov(windows=7)", image(), keep: "\(count)")
    #expect(released.sequence.count == count && released.keptTokens == count)
    let dropped = try plan("holov(windows=7, zeros=dropped)", image(), keep: "\(count)")
    #expect(dropped.sequenceCodes == released.sequenceCodes.filter { $0 != -300 })
  }

  @Test func `SCOPE without attention is facility location, computed without shortcuts`() throws {
    let image = image()
    guard case .matrix(let features)? = image.views[0][.features] else { return }
    let cosines = ExactSimilarity.cosines(of: features, workers: Workers(count: 1))
    var covered = [Double](repeating: 0, count: 48)
    var chosen: [Int] = []
    for _ in 0..<10 {
      let gains = (0..<48).map { token in
        chosen.contains(token)
          ? -1 : zip(cosines.row(token), covered).reduce(0) { $0 + max(0, $1.0 - $1.1) }
      }
      let best = Ranking.first(of: gains)
      chosen.append(best)
      covered = zip(cosines.row(best), covered).map { max($0, $1) }
    }
    #expect(try plan("scope(alpha=0)", image, keep: "10").views[0].anchors == chosen.sorted())
  }

  @Test func `MMTok with a heavy picture ignores the words`() throws {
    let first: QuestionEvidence = [.words: Samples.matrix(3, 12, seed: 7)]
    let second: QuestionEvidence = [.words: Samples.matrix(5, 12, seed: 8)]
    let spec = "mmtok(alpha=1000000)"
    #expect(
      try plan(spec, image(), keep: "8", question: first) == plan(spec, image(), keep: "8", question: second))
    #expect(
      try plan("mmtok", image(), keep: "8", question: first).kept
        != plan("mmtok", image(), keep: "8", question: second).kept)
  }

  @Test func `TRIM by count keeps the smallest products and the mean of the others`() throws {
    let image = image()
    let text = Samples.matrix(1, 5, seed: 3)
    guard case .matrix(let rows)? = image.views[0][.clipSpace] else { return }
    let products = (0..<48).map { row in zip(rows.row(row), text.row(0)).reduce(0) { $0 + Double($1.0 * $1.1) } }
    let plan = try plan("trim", image, keep: "7", question: [.clipText: text])
    #expect(plan.views[0].keptTokens == Ranking.top(7, of: products.map { -$0 }).sorted())
    #expect(plan.sequenceCodes.last == -200 && plan.views[0].weights.suffix(41).allSatisfy { $0 == 1 / 41 })
  }

  @Test func `CDPruner's relevance does not depend on the lengths of texts and rows`() throws {
    let text = Samples.matrix(2, 5, seed: 3)
    let longer = Matrix(rows: 2, columns: 5, values: text.values.map { $0 * 4 })
    #expect(
      try plan("cdpruner", image(), keep: "9", question: [.clipTexts: text])
        == plan("cdpruner", image(), keep: "9", question: [.clipTexts: longer]))
  }

  @Test(arguments: ["exact", "lowrank"], [8, 20])
  func `PruneSID sends its budget, the class token first`(components: String, count: Int) throws {
    let codes = try plan("prunesid(pca=\(components))", image(), keep: "\(count)").sequenceCodes
    #expect(codes.count == count && codes.first == -100 && Set(codes).count == count)
  }

  @Test func `PruneSID's draw is seeded, and the order of its columns does not matter`() throws {
    let spec = "prunesid(pca=lowrank)"
    let noise = Samples.matrix(12, 5, seed: 11)
    var turned = noise
    for row in 0..<12 { for column in 0..<5 { turned[row, column] = noise[row, 4 - column] } }
    let first = try plan(spec, image(), keep: "20", shared: SharedEvidence(noise: noise))
    #expect(try plan(spec, image(), keep: "20", shared: SharedEvidence(noise: turned)) == first)
    #expect(try plan(spec, image(), keep: "20", seed: 4) == plan(spec, image(), keep: "20", seed: 4))
    #expect(throws: PruningError.self) {
      try plan(spec, image(), keep: "20", shared: SharedEvidence(noise: Samples.matrix(5, 12, seed: 11)))
    }
  }

  @Test func `ZOO-Prune through a linear projector sees equal sensitivity everywhere, so the first token is first`()
    throws
  {
    // Far from zero GELU is the identity.
    let projector = ProjectorWeights(
      first: Samples.matrix(6, 12, seed: 1), firstBias: [Float](repeating: 1000, count: 6),
      second: Samples.matrix(4, 6, seed: 2), secondBias: [0, 0, 0, 0])
    let sensitivity = ProjectorSensitivity(
      projector: projector, noise: Samples.matrix(16, 12, seed: 3), step: 0.01, workers: Workers(count: 1))
    let values = sensitivity(of: Samples.matrix(48, 12, seed: 4))
    #expect(values.allSatisfy { abs($0 - values[0]) < 1e-6 * values[0] })
  }

  @Test(arguments: [Float(0.001), 3])
  func `ZOO-Prune's sensitivity is the plain central difference`(scale: Float) throws {
    // The larger steps go through the error function, the smaller ones through a series.
    let projector = ProjectorWeights(
      first: Samples.matrix(6, 12, seed: 1), firstBias: Samples.noise(6, seed: 5),
      second: Samples.matrix(4, 6, seed: 2), secondBias: Samples.noise(4, seed: 6))
    let noise = Samples.matrix(16, 12, seed: 3)
    let scaled = Matrix(rows: 16, columns: 12, values: noise.values.map { $0 * scale })
    let step = Double(scale) / 10
    let features = Samples.matrix(5, 12, seed: 4)
    let found = ProjectorSensitivity(projector: projector, noise: scaled, step: step, workers: Workers(count: 1))(
      of: features)
    for (token, value) in found.enumerated() {
      let row = features.row(token).map { Double($0) }
      let lengths = (0..<16).map { direction -> Double in
        let delta = noise.row(direction).map { Double($0) }
        let length = delta.reduce(0) { $0 + $1 * $1 }.squareRoot()
        let up = Self.project(zip(row, delta).map { $0 + step * $1 / length }, by: projector)
        let down = Self.project(zip(row, delta).map { $0 - step * $1 / length }, by: projector)
        return zip(up, down).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }.squareRoot()
      }
      // The second layer runs in Float32.
      #expect(abs(value - lengths.reduce(0, +) / 16 / (2 * step)) < 1e-5 * value)
    }
  }

  private static func project(_ row: [Double], by weights: ProjectorWeights) -> [Double] {
    func layer(_ row: [Double], _ weight: Matrix, _ bias: [Float]) -> [Double] {
      (0..<weight.rows).map { output in
        zip(weight.row(output), row).reduce(Double(bias[output])) { $0 + Double($1.0) * $1.1 }
      }
    }
    let hidden = layer(row, weights.first, weights.firstBias).map { 0.5 * $0 * (1 + erf($0 / 2.0.squareRoot())) }
    return layer(hidden, weights.second, weights.secondBias)
  }

  @Test func `A projector of low rank is its own truncation`() throws {
    // 140 × 140 of rank 3.
    let (left, right) = (Samples.matrix(140, 3, seed: 1), Samples.matrix(140, 3, seed: 2))
    let weight = Similarity.products(of: left, and: right, workers: Workers(count: 1))
    let projector = ProjectorWeights(
      first: weight, firstBias: [Float](repeating: 0, count: 140), second: weight,
      secondBias: [Float](repeating: 0, count: 140))
    let truncated = try projector.truncated(to: 128)
    for (found, expected) in zip(truncated.first.values, weight.values) { #expect(abs(found - expected) < 1e-5) }
  }

  @Test func `Cen-Prune's cosines do not see a vector that is added to every row`() throws {
    let image = image()
    guard case .matrix(let rows)? = image.views[0][.projected] else { return }
    let offset = Samples.noise(12, seed: 4)
    let moved = Matrix(
      rows: 48, columns: 12, values: rows.values.enumerated().map { $0.element + offset[$0.offset % 12] / 1000 })
    let other = Samples.image(tower) { evidence, _ in evidence[.projected] = .matrix(moved) }
    #expect(
      try plan("cen-prune", image, keep: "6").views[0].anchors == plan("cen-prune", other, keep: "6").views[0].anchors)
  }

  @Test func `DART keeps its pivots and equal shares beside them`() throws {
    let prompt = DecodedPrompt(
      keys: Samples.matrix(70, 6, seed: 1), states: Samples.matrix(70, 9, seed: 2), imageStart: 5)
    var question: QuestionEvidence = [:]
    question.prompt[1] = prompt
    for (spec, count) in [("dart", 4 + 8 * 2), ("dart(text_pivots=0)", 4 + 4 * 5), ("dart(image_pivots=0)", 4 * 5)] {
      let plan = try plan(spec, image(), keep: "20", question: question)
      #expect(plan.keptTokens == count, "\(spec)")
      #expect(plan.views[0].anchors == plan.views[0].anchors.sorted())
    }
    question.prompt[1] = DecodedPrompt(
      keys: Samples.matrix(55, 6, seed: 1), states: Samples.matrix(55, 9, seed: 2), imageStart: 5)
    #expect(throws: PruningError.self) { try plan("dart", image(), keep: "20", question: question) }
  }

  @Test(arguments: [
    // As CPython 3.12 prints list(set(numbers)) of them.
    ([5, 3, 8], [8, 3, 5]), ([40, 35, 7, 100, 64, 9], [64, 35, 100, 7, 40, 9]),
    ([610, 17, 49, 81, 113, 145, 2, 34, 66], [610, 2, 34, 66, 81, 17, 113, 49, 145]),
    ([667, 291, 397, 697, 572, 59, 506, 285, 694, 83], [291, 59, 397, 83, 694, 697, 506, 667, 572, 285]),
  ])
  func `A Python set is visited by slots`(numbers: [Int], expected: [Int]) {
    #expect(PythonSet.order(of: numbers) == expected)
  }

  @Test func `TextMonkey drops the earlier of two equal rows, and never the last`() throws {
    var rows = Samples.matrix(48, 12, seed: 4)
    for column in 0..<12 {
      rows[10, column] = rows[30, column]
      rows[20, column] = rows[47, column]
    }
    let image = Samples.image(tower) { evidence, _ in evidence[.projected] = .matrix(rows) }
    let kept = try plan("textmonkey", image, keep: "46").views[0].anchors
    #expect(kept == (0..<48).filter { ![10, 20].contains($0) })
  }

  @Test func `PruMerge+ takes a third at most, and a budget of its own names those that have one`() throws {
    let layer = tower.depth - 1
    let image = Samples.image(tower) { evidence, _ in
      evidence[.classLogits(layer: layer)] = .matrix(Samples.matrix(3, 48, seed: 1))
      evidence[.classOwnLogits(layer: layer)] = .vector([0, 0, 0])
      evidence[.keys(layer: layer)] = .matrix(Samples.matrix(48, 12, seed: 2))
    }
    #expect(throws: PruningError.shareTooLarge(strategy: "prumerge+", largest: "a third")) {
      try plan("prumerge+", image, keep: "50%")
    }
    #expect(try plan("prumerge+", image, keep: "10%").views[0].keptTokens.count > 4)
    let others = ["prumerge", "prumerge+", "trim", "pixelprune", "evit"]
    #expect(throws: PruningError.noOwnBudget(strategy: "divprune", others: others)) {
      try StrategyRunner.evidence(
        for: try StrategyCatalogue.standard.make(parsing: "divprune"), of: image.picture, keeping: .adaptive)
    }
  }

  @Test func `VisionZip's options and budget must fit each other`() throws {
    #expect(
      throws: PruningError.optionsExceedBudget(
        strategy: "visionzip", options: "dominant=9 and contextual=3", sum: 12, share: 10)
    ) { try plan("visionzip(dominant=9, contextual=3)", image(), keep: "10") }
    #expect(try plan("visionzip(contextual=3)", image(), keep: "10").sequence.count == 10)
  }
}
