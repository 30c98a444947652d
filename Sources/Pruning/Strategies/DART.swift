import Basics
import Kernels

/// Tokens that are least like a few pivots, the ones with the longest keys in an early decoder block.
/// "Stop Looking for Important Tokens in Multimodal Language Models: Duplication Matters More" (DART).
struct DART: PruningStrategy {
  /// In which order pivots take tokens: as Python visits a set of their positions, or by length.
  enum Order: String, CaseIterable { case released, length }

  static let name = "dart"
  static let summary = "tokens least like pivots inside the decoder (DART, arXiv 2502.11494)"
  static let paper: Paper? = Paper(
    "Stop Looking for Important Tokens in Multimodal Language Models: Duplication Matters More",
    arXiv: "2502.11494")
  static let options = [
    imagePivotsOption.description, textPivotsOption.description, layerOption.description, orderOption.description,
  ]

  private static let imagePivotsOption = StrategyOption.integer(
    "image_pivots", default: 4, in: 0...4096, "visual tokens with the longest keys, which are kept")
  private static let textPivotsOption = StrategyOption.integer(
    "text_pivots", default: 4, in: 0...4096, "tokens with the longest keys after the picture")
  private static let layerOption = StrategyOption.integer(
    "layer", default: 2, in: 1...4096, "the decoder block that runs on kept tokens first")
  private static let orderOption = StrategyOption.choice(
    "order", default: Order.released, "the order in which pivots take tokens", released: .released, corrected: .length)

  private let imagePivots: Int
  private let textPivots: Int
  private let layer: Int
  private let order: Order

  init(options: inout StrategyOptions) throws(PruningError) {
    imagePivots = try options.value(Self.imagePivotsOption)
    textPivots = try options.value(Self.textPivotsOption)
    layer = try options.value(Self.layerOption)
    order = try options.value(Self.orderOption)
    guard imagePivots + textPivots > 0 else {
      throw .invalidOption("image_pivots", value: "0", strategy: Self.name, expected: "at least 1 without text_pivots")
    }
  }

  static func obstacle(hasClassToken: Bool) -> String? {
    "reads keys inside the decoder, which only files for select hold"
  }

  func evidence(on tower: TowerDescription) -> Evidence { Evidence([], question: [.decoderBlock(layer - 1)]) }

  func resolved(on tower: TowerDescription) -> StrategySpec {
    StrategySpec(
      name: Self.name,
      options: [
        "image_pivots": "\(imagePivots)", "text_pivots": "\(textPivots)", "layer": "\(layer)", "order": order.rawValue,
      ])
  }

  func plan(
    _ image: EncodedImage, question: QuestionEvidence, keeping budget: Budget, in context: inout PlanContext
  ) throws(PruningError) -> ImagePlan {
    let picture = image.picture
    let total = picture.visualTokens
    guard let prompt = question.prompt[layer - 1] else { throw .missingQuestionEvidence(.decoderBlock(layer - 1)) }
    let span = prompt.imageStart..<prompt.imageStart + total
    guard imagePivots <= total, prompt.keys.rows >= span.upperBound + textPivots else {
      throw .malformedSharedEvidence(
        "the prompt", expected: "at least \(span.upperBound + textPivots) tokens", found: "\(prompt.keys.rows)")
    }
    let target: Int
    if case .count(let count) = budget {
      target = count
    } else {
      target = Int(budget.keepRatio(of: total) * Double(total))
    }
    var builder = PlanBuilder(views: image.views.count)
    let kept = chosen(of: prompt, span: span, target: target, context: context)
    for (view, tokens) in picture.tokens.enumerated() {
      let first = span.lowerBound + picture.tokens[..<view].reduce(0, +)
      for position in kept where (first..<first + tokens).contains(position) {
        builder.send(position - first, of: view)
      }
    }
    return try builder.plan(of: picture, limit: total, count: .adaptive)
  }

  /// Kept positions of the picture's span, ascending.
  private func chosen(
    of prompt: DecodedPrompt, span: Range<Int>, target: Int, context: PlanContext
  ) -> [Int] {
    let lengths = (0..<prompt.keys.rows).map { prompt.keys.row($0).reduce(0.0) { $0 + Double(abs($1)) } }
    let own = Ranking.top(imagePivots, of: lengths, among: Array(span))
    let texts = Ranking.top(textPivots, of: lengths, among: Array(span.upperBound..<lengths.count))
    let pivots = own + texts
    // The cap keeps the last pivots from finding nothing left.
    let each = min(target, span.count - own.count) / pivots.count
    let known = Set(own)
    var free = span.filter { !known.contains($0) }
    var kept = own
    let visited = order == .released ? PythonSet.order(of: pivots) : pivots
    let cosines = context.exactCosines(prompt.states.selecting(visited), prompt.states.rows(span))
    for pivot in visited.indices {
      let unlike = free.map { -cosines[pivot, $0 - span.lowerBound] }
      let taken = Ranking.top(each, of: unlike).map { free[$0] }
      kept += taken
      let gone = Set(taken)
      free.removeAll { gone.contains($0) }
    }
    return kept.sorted()
  }
}
