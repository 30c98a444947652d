import Basics
import Kernels

/// One cut that keeps tokens least like a few pivots, the ones with the longest keys in an early decoder block.
/// "Stop Looking for Important Tokens in Multimodal Language Models: Duplication Matters More" (DART).
///
/// For T tokens asked for, p_i + int(T ÷ (p_i + p_t)) · (p_i + p_t) are kept, as the released code does
/// (`budget=final`). With `budget=average` the blocks' mean stays within the budget. Positions are kept.
struct DART: RunsOnFiles {
  static let name = "dart"
  static let summary = "one cut to tokens least like pivots (DART, arXiv 2502.11494)"
  static let paper: Paper? = Paper(
    "Stop Looking for Important Tokens in Multimodal Language Models: Duplication Matters More",
    arXiv: "2502.11494")
  static let reads = [
    "lengths of all keys of the block before the cut", "its output after the decoder's final norm",
  ]
  static let options = PivotOptions.descriptions + [budgetOption.description]

  private static let budgetOption = StrategyOption.choice(
    "budget", default: DecoderBudget?.none,
    "what a budget counts: the mean over blocks, or the rows at the end as the authors' code",
    decides: "average; final on a file's tensors", released: .final)

  private let pivots: PivotOptions
  private let budget: DecoderBudget?

  init(options: inout StrategyOptions) throws(PruningError) {
    pivots = try PivotOptions(strategy: Self.name, options: &options)
    budget = try options.value(ifGiven: Self.budgetOption)
  }

  func resolved(on decoder: DecoderDescription) throws(PruningError) -> StrategySpec {
    _ = try BlockNumbers.checked([pivots.layer], strategy: Self.name, depth: decoder.depth)
    return StrategySpec(
      name: Self.name,
      options: pivots.spelled + [.init(name: "budget", value: (budget ?? .average).rawValue)])
  }

  func cuts(
    keeping budget: Budget, of rows: Int, on decoder: DecoderDescription
  ) throws(PruningError) -> [DecoderCut] {
    let layer = pivots.layer
    _ = try BlockNumbers.checked([layer], strategy: Self.name, depth: decoder.depth)
    guard pivots.image <= rows else {
      throw .invalidOption(
        "image_pivots", value: "\(pivots.image)", strategy: Self.name, expected: "at most the picture's \(rows) rows")
    }
    let wanted = try budget.rows(of: rows)
    // Without image pivots, something is kept by one round of the text's.
    let least = max(pivots.image, 1)
    guard self.budget != .final else {
      return [DecoderCut(block: layer, count: max(least, pivots.kept(of: rows, asked: wanted)))]
    }
    let (full, rest) = (layer * rows, decoder.depth - layer)
    let smallest = (full + rest * least + decoder.depth - 1) / decoder.depth
    guard wanted >= smallest else {
      throw .budgetBelowSchedule(budget, strategy: Self.name, smallest: smallest)
    }
    let left = (decoder.depth * wanted - full) / rest
    return [DecoderCut(block: layer, count: max(least, pivots.kept(of: rows, asked: left - pivots.image)))]
  }

  var keepsPositions: Bool { true }

  var onFiles: (any PruningStrategy)? { budget == .average ? nil : DARTOnFiles(pivots) }

  func decide(
    _ cut: DecoderCut, on scene: CutScene, weights: ([Int], AttentionSource) -> AttentionWeights,
    rows: (RowSource) -> Matrix
  ) throws(PruningError) -> CutDecision {
    let kept = pivots.choose(
      taking: (cut.count - pivots.image) / pivots.count, from: scene.visual, text: scene.text, keys: rows(.keys),
      states: rows(.normed), workers: scene.workers)
    // A picture without text after it, kept by text pivots alone: the first row stays, since one must.
    return CutDecision(kept: kept.isEmpty ? [0] : kept.map { $0 - scene.visual.lowerBound })
  }
}

/// DART on the keys and states of a file.
struct DARTOnFiles: PruningStrategy {
  static let name = DART.name
  static let summary = DART.summary
  static let options = PivotOptions.descriptions

  private let pivots: PivotOptions

  init(_ pivots: PivotOptions) { self.pivots = pivots }

  init(options: inout StrategyOptions) throws(PruningError) {
    pivots = try PivotOptions(strategy: Self.name, options: &options)
  }

  func evidence(on tower: TowerDescription) -> Evidence { Evidence([], question: [.decoderBlock(pivots.layer - 1)]) }

  func resolved(on tower: TowerDescription) -> StrategySpec { StrategySpec(name: Self.name, options: pivots.spelled) }

  func plan(
    _ image: EncodedImage, question: QuestionEvidence, keeping budget: Budget, in context: inout PlanContext
  ) throws(PruningError) -> ImagePlan {
    let picture = image.picture
    let (total, layer) = (picture.visualTokens, pivots.layer)
    guard let prompt = question.prompt[layer - 1] else { throw .missingQuestionEvidence(.decoderBlock(layer - 1)) }
    let span = prompt.imageStart..<prompt.imageStart + total
    guard pivots.image <= total, prompt.keys.rows >= span.upperBound + pivots.text else {
      throw .malformedSharedEvidence(
        "the prompt", expected: "at least \(span.upperBound + pivots.text) tokens", found: "\(prompt.keys.rows)")
    }
    let target: Int
    if case .count(let count) = budget {
      target = count
    } else {
      target = Int(budget.keepRatio(of: total) * Double(total))
    }
    var builder = PlanBuilder(views: image.views.count)
    let kept = pivots.choose(
      taking: (pivots.kept(of: total, asked: target) - pivots.image) / pivots.count, from: span,
      text: Array(span.upperBound..<prompt.keys.rows), keys: prompt.keys, states: prompt.states,
      workers: context.workers)
    for (view, tokens) in picture.tokens.enumerated() {
      let first = span.lowerBound + picture.tokens[..<view].reduce(0, +)
      for position in kept where (first..<first + tokens).contains(position) {
        builder.send(position - first, of: view)
      }
    }
    return try builder.plan(of: picture, limit: total, count: .adaptive)
  }
}
