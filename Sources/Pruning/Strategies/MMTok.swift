import Basics
import Foundation
import Kernels

/// Tokens that cover the question's words and the other tokens best.
/// "MMTok: Multimodal Coverage Maximization for Efficient Inference of VLMs".
struct MMTok: ViewStrategy {
  enum Padding: String, CaseIterable { case keep, exclude }

  static let name = "mmtok"
  static let summary = "tokens that cover the question's words and the picture (MMTok, arXiv 2508.18264)"
  static let paper: Paper? = Paper(
    "MMTok: Multimodal Coverage Maximization for Efficient Inference of VLMs",
    arXiv: "2508.18264")
  static let options = [
    alphaOption.description, textTemperatureOption.description, visionTemperatureOption.description,
    paddingOption.description,
  ]

  private static let alphaOption = StrategyOption.number(
    "alpha", default: 0.5, in: 0...1_000_000, "weight of the picture beside the words")
  private static let textTemperatureOption = StrategyOption.number(
    "text_temperature", default: 0.02, in: 0.0001...1000, "of the softmax between words and tokens")
  private static let visionTemperatureOption = StrategyOption.number(
    "vision_temperature", default: 0.2, in: 0.0001...1000, "of the softmax between tokens")
  private static let paddingOption = StrategyOption.choice(
    "padding", default: Padding.keep, "whether patches are shut out that lie in the padding of a squared picture",
    released: .exclude)

  private let alpha: Double
  private let textTemperature: Double
  private let visionTemperature: Double
  private let padding: Padding

  init(options: inout StrategyOptions) throws(PruningError) {
    alpha = try options.value(Self.alphaOption)
    textTemperature = try options.value(Self.textTemperatureOption)
    visionTemperature = try options.value(Self.visionTemperatureOption)
    padding = try options.value(Self.paddingOption)
  }

  func evidence(on tower: TowerDescription) -> Evidence { Evidence([.features, .projected], question: [.words]) }

  var readsGrid: Bool { padding == .exclude }

  func resolved(on tower: TowerDescription) -> StrategySpec {
    StrategySpec(
      name: Self.name,
      options: [
        "alpha": spelled(alpha), "text_temperature": spelled(textTemperature),
        "vision_temperature": spelled(visionTemperature), "padding": padding.rawValue,
      ])
  }

  func decide(_ view: ViewInput, keeping share: Int, in context: inout PlanContext) throws(PruningError)
    -> ViewDecision
  {
    let words = try view.question.rows(of: .words)
    let rows = try view.rows(.projected, besideTextOf: words.columns)
    var cover = DoubleMatrix(rows: view.tokens, columns: words.rows + view.tokens)
    Self.fill(
      &cover, from: 0, with: context.exactCosines(words, rows), temperature: textTemperature,
      weight: 1 / Double(words.rows))
    Self.fill(
      &cover, from: words.rows, with: context.exactCosines(try view.features()), temperature: visionTemperature,
      weight: alpha / Double(view.tokens))
    let candidates = padding == .exclude ? try shown(of: view) : nil
    return ViewDecision(keeping: FacilityLocation(cover: cover).choose(share, among: candidates) { gain, _ in gain })
  }

  /// Softmax of each row over the tokens, times `weight`, as columns of `cover` [tokens, items] from `first` on.
  private static func fill(
    _ cover: inout DoubleMatrix, from first: Int, with cosines: DoubleMatrix, temperature: Double, weight: Double
  ) {
    let columns = cover.columns
    for item in 0..<cosines.rows {
      let row = cosines.row(item)
      let highest = row.max() ?? 0
      let powers = row.map { exp(($0 - highest) / temperature) }
      let scale = weight / powers.reduce(0, +)
      for (token, power) in powers.enumerated() { cover.values[token * columns + first + item] = power * scale }
    }
  }

  /// Tokens that lie at least in part on the picture, when it is padded to a square of 14 pixels a patch.
  private func shown(of view: ViewInput) throws(PruningError) -> [Int] {
    let grid = view.grid
    guard grid.rows == grid.columns else {
      throw .invalidOption("padding", value: "exclude", strategy: Self.name, expected: "keep: the grid is not square")
    }
    let patch = 14
    let side = grid.rows * patch
    let size = view.image.picture.imageSize
    let (short, long) = (min(size.width, size.height), max(size.width, size.height))
    let seen = Ranking.roundHalfEven(Double(short * side) / Double(long))
    let before = (side - seen) / 2
    let after = side - seen - before
    let lines = before / patch..<max(before / patch, grid.rows - after / patch)
    return (0..<grid.count).filter { token in
      lines.contains(size.width > size.height ? token / grid.columns : token % grid.columns)
    }
  }
}
