import Kernels

/// Three cuts by the attention of the words that are closest to the picture; some dropped rows are merged into a few
/// new ones. "SparseVLM: Visual Token Sparsification for Efficient Vision-Language Model Inference", ICML 2025.
struct SparseVLM: DecoderPruning {
  static let name = "sparsevlm"
  static let summary = "cuts by the attention of words close to the picture (SparseVLM, ICML 2025)"
  static let paper: Paper? = Paper(
    "SparseVLM: Visual Token Sparsification for Efficient Vision-Language Model Inference",
    arXiv: "2410.04417", venue: "ICML 2025")
  static let reads = [
    "embeddings of the picture and of the text after it",
    "the attention of words close to the picture in the block before the cut",
    "the rows themselves, which it merges",
  ]
  static let options = [blocksOption.description, mergeOption.description]

  private enum Merging: String, CaseIterable { case yes = "true", no = "false" }

  private static let blocksOption = StrategyOption.blocks(
    "blocks", from: 0, count: 3, "the blocks after which rows are dropped", decides: "the released ones, scaled")
  private static let mergeOption = StrategyOption.choice(
    "merge", default: Merging.yes, "whether some dropped rows are merged into new ones")

  private let schedule: SparseSchedule
  private let merging: Merging

  init(options: inout StrategyOptions) throws(PruningError) {
    schedule = SparseSchedule(blocks: try options.value(Self.blocksOption), counts: SparseSchedule.first)
    merging = try options.value(Self.mergeOption)
  }

  func resolved(on decoder: DecoderDescription) throws(PruningError) -> StrategySpec {
    let blocks = try schedule.blocks(on: decoder, strategy: Self.name)
    return StrategySpec(name: Self.name, options: ["blocks": blocks, "merge": merging.rawValue])
  }

  func cuts(
    keeping budget: Budget, of rows: Int, on decoder: DecoderDescription
  ) throws(PruningError) -> [DecoderCut] {
    try schedule.cuts(keeping: budget, of: rows, on: decoder, strategy: Self.name)
  }

  var keepsPositions: Bool { false }
  var readsRaters: Bool { true }

  func decide(
    _ cut: DecoderCut, on scene: CutScene, weights: ([Int], AttentionSource) -> AttentionWeights, rows: () -> Matrix
  ) throws(PruningError) -> CutDecision {
    var scores = [Double](repeating: 0, count: scene.visual.count)
    for queries in scene.queryParts {
      for (index, sum) in weights(queries, .blockBefore).headSums(over: scene.visual).enumerated() {
        scores[index] += sum
      }
    }
    let ranked = Ranking.top(scores.count, of: scores)
    let count = min(cut.count, scores.count - 1)
    let kept = ranked.prefix(count).sorted()
    guard merging == .yes else { return CutDecision(kept: kept) }
    let dropped = ranked.dropFirst(count)
    let recycled = Array(dropped.prefix(Int(0.3 * Double(dropped.count)) + 1))
    let present = rows()
    let states = Matrix(
      rows: recycled.count, columns: present.columns,
      values: recycled.flatMap { present.row(scene.visual.lowerBound + $0) })
    let clusters = DensityPeaks.clusters(of: states, count: recycled.count / 10 + 1)
    return CutDecision(
      kept: kept,
      merges: clusters.map { cluster in
        CutDecision.Merge(
          anchor: recycled[cluster.centre], members: cluster.members.map { recycled[$0] }.sorted(),
          scale: 1 / (Double(cluster.members.count) + 1e-6))
      })
  }
}

extension CutScene {
  /// The queries a few at a time, so that memory does not grow with the question.
  var queryParts: [[Int]] {
    stride(from: 0, to: queries.count, by: 32).map { Array(queries[$0..<min($0 + 32, queries.count)]) }
  }
}
