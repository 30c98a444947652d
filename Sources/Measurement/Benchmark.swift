import Basics
import Images
import Kernels
import Pruning
import VLM
import ViT

/// One budget's measurements: medians over the rounds, milliseconds.
public struct BenchmarkRow: Sendable {
  public let keep: String
  public let visualTokens: Int
  /// On average over the decoder's blocks.
  public var kept: Int
  public var preprocess = Spread()
  /// With the evidence that the strategy reads.
  public var encode = Spread()
  /// Without any evidence.
  public var encodePlain = Spread()
  public var prune = Spread()
  public var project = Spread()
  public var prefill = Spread()
  /// From the picture's bytes to the first token.
  public var firstToken = Spread()
  /// The same for a second question about the same picture, whose prefix is in the cache; where rows were dropped
  /// inside the decoder, it is not, and the whole prompt runs again.
  public var secondFirstToken = Spread()
  /// One token.
  public var decode = Spread()
  public let promptTokens: Int
  /// Of what is computed: of the tokens that enter the tower, if not all do.
  public let cost: CostModel
  public var encodeOperations: Double { cost.encodeLinear + cost.encodeAttention }
  public var prefillOperations: Double
  /// Positions of the prompt that each decoder block ran on.
  public var rowsPerBlock: [Int]

  /// Bytes of the prompt's keys and values in all blocks.
  public var cacheBytes: Int { cost.cacheBytes(rowsPerBlock: rowsPerBlock) }

  /// The mean of `rowsPerBlock`.
  var averageRows: Int { rowsPerBlock.reduce(0, +) / max(rowsPerBlock.count, 1) }
}

extension BenchmarkRow {
  /// Takes what became of the picture's rows inside the decoder; nothing where they all stayed.
  mutating func add(_ record: DecoderPruningRecord?, textTokens: Int) {
    guard let record else { return }
    let depth = rowsPerBlock.count
    rowsPerBlock = record.rowsPerBlock(depth: depth).map { $0 + textTokens }
    let mean = Double(record.tokensPerBlock(depth: depth).reduce(0, +)) / Double(max(depth, 1))
    kept = Int(mean.rounded(.toNearestOrEven))
  }
}

/// Median and quartiles of a few measurements.
public struct Spread: Sendable {
  public private(set) var values: [Double] = []

  mutating func add(_ duration: Duration) { values.append(duration.milliseconds) }

  public var median: Double { quantile(0.5) }
  public var low: Double { quantile(0.25) }
  public var high: Double { quantile(0.75) }

  private func quantile(_ share: Double) -> Double {
    guard !values.isEmpty else { return 0 }
    let sorted = values.sorted()
    let place = share * Double(sorted.count - 1)
    let below = Int(place)
    let rest = place - Double(below)
    return sorted[below] * (1 - rest) + sorted[min(below + 1, sorted.count - 1)] * rest
  }
}

/// Times the stages of one question about one picture: the picture's visual tokens and an exact number of text tokens,
/// which is the work that other runtimes are measured on. The content of the text does not change the cost, so it is
/// arbitrary.
public struct Benchmark: Sendable {
  let model: VisionLanguageModel
  let textTokens: Int
  /// How the picture is read.
  let options: PictureOptions
  /// The picture, encoded.
  private let file: (name: String, bytes: [UInt8])

  /// - Parameters:
  ///   - textTokens: at least 8.
  ///   - file: a picture; nil: one whose patches all differ.
  public init(
    model: VisionLanguageModel, textTokens: Int, options: PictureOptions = PictureOptions(),
    file: (name: String, bytes: [UInt8])? = nil
  ) {
    self.file = file ?? ("pattern", PNGEncoder.encode(Self.pattern(for: model)))
    self.options = options
    self.model = model
    self.textTokens = textTokens
  }

  /// Positions of the unpruned prompt.
  public func longestPrompt() throws(VLMError) -> Int {
    let picture = try model.picture(file.bytes, file: file.name, options: options)
    let description = model.family.describe(picture, packing: .spatial)
    return textTokens + ImagePlan.dense(of: description).sequence.count
  }

  /// Measures one setting.
  /// - Parameters:
  ///   - keep: the budget's name in the results.
  ///   - newTokens: tokens decoded per round.
  public func run(
    _ setting: PruningSetting, keep: String, rounds: Int, newTokens: Int
  ) throws(VLMError) -> BenchmarkRow {
    let picture = try model.picture(file.bytes, file: file.name, options: options)
    let evidence = try model.evidence(for: setting, of: picture)
    let early = try model.planBeforeEncoder(picture, setting: setting)
    let rows = try pruned(picture, setting, evidence, early)
    let description = model.family.describe(picture, packing: setting.packing)
    let reduction = try model.reduction(of: description, setting: setting)
    let cost = CostModel(model, picture: picture, tokens: early?.sources, reduction: reduction)
    let prompt = textTokens + rows.rows.rows
    var row = BenchmarkRow(
      keep: keep, visualTokens: rows.total, kept: rows.kept, promptTokens: prompt, cost: cost,
      prefillOperations: cost.prefill(rows: prompt),
      rowsPerBlock: [Int](repeating: prompt, count: model.decoder.configuration.depth))
    // The first round warms caches and creates kernels; it is not counted.
    for round in 0...max(rounds, 1) {
      var scratch = row
      try measure(setting, evidence, newTokens: newTokens, into: &scratch)
      if round > 0 { row = scratch }
    }
    row.prefillOperations = cost.prefill(rowsPerBlock: row.rowsPerBlock)
    return row
  }

  private func measure(
    _ setting: PruningSetting, _ evidence: Evidence, newTokens: Int, into row: inout BenchmarkRow
  ) throws(VLMError) {
    let clock = ContinuousClock()
    let start = clock.now
    let picture = try model.picture(file.bytes, file: file.name, options: options)
    let decoded = clock.now
    let early = try model.planBeforeEncoder(picture, setting: setting)
    let description = model.family.describe(picture, packing: setting.packing)
    let reduction = try model.reduction(of: description, setting: setting)
    let decided = clock.now
    let encoded = try model.encode(picture, tokens: early?.sources, reduction: reduction, evidence: evidence)
    let encodedAt = clock.now
    let plan = try plan(encoded, of: description, setting, evidence, early)
    let planned = clock.now
    let visual = try model.visualRows(of: encoded, picture: description, plan: plan)
    let projected = clock.now
    var cache = model.decoder.makeCache(capacity: textTokens + visual.rows.rows + newTokens)
    let prompt = makePrompt(of: picture, visual, setting)
    let begun = try begin(prompt, visual, setting, cache: &cache)
    var token = best(begun.logits)
    let prefilled = clock.now
    row.add(begun.record, textTokens: textTokens)
    row.preprocess.add(decoded - start)
    row.encode.add(encodedAt - decided)
    row.prune.add(decided - decoded + (planned - encodedAt))
    row.project.add(projected - planned)
    row.prefill.add(prefilled - projected)
    row.firstToken.add(prefilled - start)
    for step in 0..<newTokens {
      let logits = model.decoder.run(
        model.decoder.embed([token]), positions: [prompt.next.advanced(by: step)], shifts: begun.shifts,
        cache: &cache, workers: model.workers)
      token = best(logits)
    }
    row.decode.add((clock.now - prefilled) / max(newTokens, 1))
    let second = clock.now
    try askAgain(prompt, visual, setting, isReduced: begun.shifts != nil, cache: &cache)
    row.secondFirstToken.add(clock.now - second)
    let plain = clock.now
    _ = try model.encode(picture, tokens: early?.sources, reduction: reduction, evidence: .none)
    row.encodePlain.add(clock.now - plain)
  }

  /// Another question: everything up to the end of the picture is already in the cache, unless rows were dropped.
  private func askAgain(
    _ prompt: Prompt, _ visual: VisualRows, _ setting: PruningSetting, isReduced: Bool, cache: inout KeyValueCache
  ) throws(VLMError) {
    if isReduced {
      cache.truncate(to: 0)
      _ = best(try begin(prompt, visual, setting, cache: &cache).logits)
      return
    }
    let prefix = prompt.picture.upperBound
    cache.truncate(to: prefix)
    let question = prompt.embeddings.rows(prefix..<prompt.embeddings.rows)
    _ = best(
      model.decoder.run(
        question, positions: Array(prompt.positions[prefix...]), cache: &cache, workers: model.workers))
  }

  private func pruned(
    _ picture: Picture, _ setting: PruningSetting, _ evidence: Evidence, _ early: ImagePlan?
  ) throws(VLMError) -> VisualRows {
    let description = model.family.describe(picture, packing: setting.packing)
    let reduction = try model.reduction(of: description, setting: setting)
    let encoded = try model.encode(picture, tokens: early?.sources, reduction: reduction, evidence: evidence)
    let plan = try plan(encoded, of: description, setting, evidence, early)
    return try model.visualRows(of: encoded, picture: description, plan: plan)
  }

  /// What was decided before the tower, or what is decided now.
  private func plan(
    _ encoded: EncodedPicture, of picture: PictureDescription, _ setting: PruningSetting, _ evidence: Evidence,
    _ early: ImagePlan?
  ) throws(VLMError) -> ImagePlan {
    if let early { return early }
    return try model.plan(encoded, of: picture, question: question(evidence), setting: setting)
  }

  /// The question's evidence for a strategy: a few embeddings, whose content does not change the cost either.
  private func question(_ evidence: Evidence) -> QuestionEvidence {
    var question: QuestionEvidence = [:]
    for kind in evidence.question {
      switch kind {
      case .embeddings, .words: question[kind] = model.decoder.embed(Array(1...8))
      case .clipTexts, .clipText: question[kind] = model.questionEvidence([kind], of: "What is this?")[kind]
      case .decoderBlock: break
      }
    }
    return question
  }

  private func best(_ logits: [Float]) -> Int {
    var best = 0
    for index in logits.indices where logits[index] > logits[best] { best = index }
    return best
  }

  /// A picture whose patches all differ, of a size that the family sees in full; at least 336×336, as for the peers.
  private static func pattern(for model: VisionLanguageModel) -> RGBImage {
    let width = max(model.family.nativeSize.width, 336)
    let height = max(model.family.nativeSize.height, 336)
    let pixels = (0..<width * height).flatMap { index -> [UInt8] in
      let (y, x) = (index / width, index % width)
      return [UInt8((x * 7 + y * 3) & 255), UInt8((x * y / 64) & 255), UInt8((x ^ y) & 255)]
    }
    return RGBImage(width: width, height: height, pixels: pixels)
  }

  /// The time in seconds that the products of encode and prefill would take at this machine's multiplication rates.
  public func floor(_ row: BenchmarkRow, rounds: Int) -> (encode: Double, prefill: Double) {
    let cost = row.cost
    let engine = ProductEngine(model.compute.backEnd)
    func seconds(_ products: [TowerCost.Product], rows: Int, _ format: NumberFormat) -> Double {
      products.reduce(0.0) { sum, product in
        let rate = ProductRate.measure(
          format, engine: engine, rows: rows, inputs: product.inputs, outputs: product.outputs, rounds: rounds,
          workers: model.workers)
        return sum + 2 * Double(rows) * Double(product.inputs) * Double(product.outputs) * Double(product.count) / rate
      }
    }
    func attention(_ operations: Double, _ format: NumberFormat, rows: Int) -> Double {
      let rate = ProductRate.measure(
        format == .f32 ? .f32 : .bf16, engine: engine, rows: rows, inputs: 256, outputs: rows, rounds: rounds,
        workers: model.workers)
      return operations / rate
    }
    let formats = model.compute.formats
    // All views have the same shape in the families that are measured: one view's products, times the number of views.
    let views = Double(cost.views.count)
    let encode =
      seconds(cost.views[0].products, rows: cost.views[0].rows, formats.tower) * views
      + attention(cost.encodeAttention, formats.tower, rows: cost.views[0].rows)
    let prefill =
      seconds(cost.decoderProducts, rows: row.averageRows, formats.decoder)
      + attention(cost.prefillAttention(rowsPerBlock: row.rowsPerBlock), formats.decoder, rows: row.averageRows)
    return (encode, prefill)
  }
}
