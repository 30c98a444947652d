import Foundation
import Kernels

/// SparseVLM's second version: attention divided by what distance alone gives, only the heads that look at the picture,
/// and no merging.
struct SparseVLMPlus: DecoderPruning {
  static let name = "sparsevlm+"
  static let summary = "SparseVLM with distance divided out and the best heads (SparseVLM v2)"
  static let paper: Paper? = Paper(
    "SparseVLM: Visual Token Sparsification for Efficient Vision-Language Model Inference",
    arXiv: "2410.04417", venue: "ICML 2025")
  static let reads = [
    "embeddings of the picture and of the text after it",
    "the attention of words close to the picture in the block before the cut, by head",
  ]
  static let options = [blocksOption.description, headsOption.description]

  private static let blocksOption = StrategyOption.blocks(
    "blocks", from: 0, count: 3, "the blocks after which rows are dropped", decides: "the released ones, scaled")
  private static let headsOption = StrategyOption.integer(
    "heads", default: nil, in: 1...1024, "heads that are averaged", decides: "14, below 32 heads in proportion")

  /// Of 32 heads and more.
  private static let releasedHeads = 14

  private let schedule: SparseSchedule
  private let heads: Int?

  init(options: inout StrategyOptions) throws(PruningError) {
    schedule = SparseSchedule(blocks: try options.value(Self.blocksOption), counts: SparseSchedule.second)
    heads = try options.value(ifGiven: Self.headsOption)
  }

  /// The heads that are averaged.
  func heads(on decoder: DecoderDescription) throws(PruningError) -> Int {
    let scaled = max(1, Ranking.roundHalfEven(Double(Self.releasedHeads * decoder.heads) / 32))
    let count = heads ?? (decoder.heads < 32 ? scaled : Self.releasedHeads)
    guard count <= decoder.heads else {
      throw .invalidOption(
        "heads", value: "\(count)", strategy: Self.name, expected: "a number from 1 to the decoder's \(decoder.heads)")
    }
    return count
  }

  func resolved(on decoder: DecoderDescription) throws(PruningError) -> StrategySpec {
    StrategySpec(
      name: Self.name,
      options: [
        "blocks": try schedule.blocks(on: decoder, strategy: Self.name), "heads": "\(try heads(on: decoder))",
      ])
  }

  func cuts(
    keeping budget: Budget, of rows: Int, on decoder: DecoderDescription
  ) throws(PruningError) -> [DecoderCut] {
    _ = try heads(on: decoder)
    return try schedule.cuts(keeping: budget, of: rows, on: decoder, strategy: Self.name)
  }

  var keepsPositions: Bool { true }
  var readsRaters: Bool { true }

  func decide(
    _ cut: DecoderCut, on scene: CutScene, weights: ([Int], AttentionSource) -> AttentionWeights, rows: () -> Matrix
  ) throws(PruningError) -> CutDecision {
    let quotients = Self.quotients(on: scene, weights: weights)
    let best = Self.bestHeads(try heads(on: scene.decoder), of: quotients)
    let scores = (0..<scene.visual.count).map { index in best.reduce(0.0) { $0 + quotients[$1][index] } }
    if let token = scores.firstIndex(where: { !$0.isFinite }) {
      throw .nonFiniteScore(view: scene.picture, token: token)
    }
    return CutDecision(kept: Ranking.top(min(cut.count, scores.count - 1), of: scores).sorted())
  }

  /// For each head and visual row: the sum over raters of weight ÷ gravity. Gravity changes its sign and passes near
  /// zero, so a quotient can be negative or huge, as in the authors' code.
  static func quotients(
    on scene: CutScene, weights: ([Int], AttentionSource) -> AttentionWeights
  ) -> [[Double]] {
    var gravity = Gravity(scene.decoder)
    var sums = [[Double]](
      repeating: [Double](repeating: 0, count: scene.visual.count), count: scene.decoder.heads)
    for queries in scene.queryParts {
      let part = weights(queries, .blockBefore)
      for (query, row) in queries.enumerated() {
        let pulls = scene.visual.map { gravity.between(scene.positions[row], scene.positions[$0]) }
        for head in 0..<part.heads {
          let weights = part.row(query: query, head: head).dropFirst(scene.visual.lowerBound)
          for (index, (weight, pull)) in zip(weights, pulls).enumerated() {
            sums[head][index] += Double(weight) / pull
          }
        }
      }
    }
    return sums
  }

  /// The heads with the largest sums, ascending.
  static func bestHeads(_ count: Int, of quotients: [[Double]]) -> [Int] {
    Ranking.top(count, of: quotients.map { $0.reduce(0, +) }).sorted()
  }
}

/// What rotation alone makes of a distance: qᵀR(Δ)q / √headWidth for a query of ones.
struct Gravity {
  private let decoder: DecoderDescription
  private var known: [Position: Double] = [:]

  init(_ decoder: DecoderDescription) { self.decoder = decoder }

  /// - Parameters:
  ///   - rater: the later row's position.
  ///   - row: the visual row's position.
  mutating func between(_ rater: Position, _ row: Position) -> Double {
    let distance = Position(
      temporal: rater.temporal - row.temporal, height: rater.height - row.height, width: rater.width - row.width)
    if let value = known[distance] { return value }
    let sum = zip(decoder.frequencies, decoder.axes).reduce(0.0) { sum, pair in
      sum + cos(Double(distance[pair.1]) * pair.0)
    }
    let value = 2 * sum / Double(2 * decoder.frequencies.count).squareRoot()
    known[distance] = value
    return value
  }
}
