import Foundation
import Kernels
import Pruning
import TestSupport
import Testing
import ViT

@testable import VLM

/// A picture under a method inside the tower, with what `fixtures/generate/tower_reduction.py` makes of transformers'
/// own layers.
struct InsideTowerCase: Decodable, Sendable, CustomTestStringConvertible {
  let model: String
  let picture: String
  let question: String?
  let spec: String
  let keep: String
  let tokens: [Int]
  let owner: [Int]
  let kept: [Int]
  let generatedIds: [Int]?
  var testDescription: String { "\(model), \(spec) keeping \(keep)" }

  static var golden: Golden? { try? Golden(Fixtures.url("golden/tower/reduction.safetensors").path) }
  static let all: [InsideTowerCase] = {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    let text = golden?.metadata["cases"] ?? ""
    return (try? decoder.decode([InsideTowerCase].self, from: Data(text.utf8))) ?? []
  }()
}

@Suite struct `Methods inside the tower` {
  @Test func `have goldens, and most of them tokens`() {
    let all = InsideTowerCase.all
    for name in StrategyLists.insideTower { #expect(all.count { $0.spec.hasPrefix(name) } >= 8) }
    #expect(all.count == 20 && all.count { !($0.generatedIds ?? []).isEmpty } >= 14)
    #expect(all.contains { $0.owner.contains(-202) } && all.contains { $0.owner.contains(-1) })
  }

  @Test(arguments: InsideTowerCase.all.indices, BackEnd.allCases)
  func `leave the reference's tokens and features, and answer from them`(_ index: Int, backEnd: BackEnd) throws {
    let (example, golden) = (InsideTowerCase.all[index], try #require(InsideTowerCase.golden))
    let model = try TestModel.load(example.model, compute: ComputeOptions(backEnd: backEnd))
    let inspection = Inspection()
    let answer = try model.answer(
      example.question ?? "What colour is the ring?", about: [example.picture],
      setting: try TestModel.setting(example.spec, keep: example.keep), newTokens: 16, inspection: inspection)
    #expect(inspection["plan.tokens"]?.integers == example.tokens)
    #expect(inspection["plan.owner"]?.integers == example.owner)
    #expect(inspection["plan.kept"]?.integers == example.kept)
    for (block, count) in example.tokens.enumerated() {
      // The class token stays.
      #expect(inspection["vision.block.0\(block)"]?.shape[1] == count + 1)
    }
    #expect(answer.keptTokens == example.kept.count && answer.visualTokens == example.owner.count)
    let features = try #require(inspection["vision.features"])
    #expect(features.shape[1] == example.kept.count)
    guard let generated = example.generatedIds else {
      let width = features.shape[2]
      let sums = Matrix(rows: example.kept.count, columns: width, values: features.floats).columnSums().map {
        Float($0)
      }
      try golden.expect(sums, "golden.\(index).sums", tolerance: Tolerances.blocks * Float(example.kept.count))
      return
    }
    try golden.expect(features.floats, "golden.\(index).features", tolerance: Tolerances.blocks)
    try golden.expect(answer.firstLogits, "golden.\(index).logits", tolerance: Tolerances.logits)
    if !generated.isEmpty { #expect(answer.generated == Array(generated.prefix(answer.generated.count))) }
  }

  /// The class row of the last block that runs, over the rows that entered it: log sizes are in it.
  @Test(arguments: InsideTowerCase.all.indices.filter { InsideTowerCase.all[$0].question != nil })
  func `give evidence with log sizes, for the tokens that are left`(_ index: Int) throws {
    let (example, golden) = (InsideTowerCase.all[index], try #require(InsideTowerCase.golden))
    let model = try TestModel.load(example.model)
    let picture = try model.picture(example.picture)
    let description = model.family.describe(picture, packing: .spatial)
    let setting = try TestModel.setting(example.spec, keep: example.keep)
    let reduction = try #require(try model.reduction(of: description, setting: setting))
    let tower = try #require(model.family.tower(for: .image) as? TransformerTower)
    let layer = tower.description.featureLayer
    let pixels = picture.views[0].pixels.values
    var request = EncodingRequest()
    request.taps[layer] = [.classRow(.softmax)]
    request.reduction = reduction.ofView(0)
    let encoding = tower.transformer.encode(pixels, request: request, workers: model.workers)
    let row = try #require(encoding.taps[layer]?[.classRow(.softmax)]?.rows)
    try golden.expect(row.values, "golden.\(index).class_attention", tolerance: Tolerances.attention)

    let kinds: Set<EvidenceKind> = [
      .classAttention(layer: layer), .classLogits(layer: layer), .classOwnLogits(layer: layer),
      .attentionReceived(layer: layer, queries: .all), .patchMeans(layer: layer, scale: .softmax),
      .keys(layer: layer), .features,
    ]
    let encoded = tower.encode(
      TowerInput(pixels: pixels, patchGrid: picture.patchGrids[0], reduction: reduction.ofView(0)), evidence: kinds,
      inspection: nil, workers: model.workers)
    let count = example.kept.count
    let attention = try #require(encoded.evidence[.classAttention(layer: layer)]?.matrix)
    let logits = try #require(encoded.evidence[.classLogits(layer: layer)]?.matrix)
    let own = try #require(encoded.evidence[.classOwnLogits(layer: layer)]?.vector)
    #expect(attention.columns == count && logits.columns == count)
    #expect(encoded.evidence[.attentionReceived(layer: layer, queries: .all)]?.vector?.count == count)
    #expect(encoded.evidence[.patchMeans(layer: layer, scale: .softmax)]?.means?.received.count == count)
    #expect(encoded.evidence[.keys(layer: layer)]?.matrix?.rows == count)
    #expect(encoded.evidence[.features]?.matrix == encoded.rows)
    for head in 0..<attention.rows {
      // Softmax over tokens that were merged in this very block is what the sums over its rows are.
      let powers = logits.row(head).map { exp(Double($0)) }
      let total = powers.reduce(exp(own[head]), +)
      let isWhole = !example.owner.contains(-1)
      for token in 0..<count where isWhole {
        #expect(abs(Double(attention[head, token]) - powers[token] / total) < 1e-5)
      }
      if isWhole {
        #expect(abs(attention.row(head).reduce(0, +) + row[head, 0] - 1) < 1e-5)
      }
    }
  }

  @Test(arguments: StrategyLists.insideTower, [Precision.f32, .bf16, .int8])
  func `that take nothing change no bit`(_ name: String, precision: Precision) throws {
    let model = try TestModel.load("tiny-classic", compute: ComputeOptions(precision: precision))
    let tower = try #require(model.family.tower(for: .image) as? TransformerTower)
    let picture = try model.picture("tiny-wide.png")
    let method = try #require(try StrategyCatalogue.standard.make(parsing: name).inTower).reduction
    let layer = tower.description.featureLayer
    let kinds: Set<EvidenceKind> = [
      .classAttention(layer: layer), .classLogits(layer: 1), .keys(layer: 2), .features,
      .attentionReceived(layer: 0, queries: .patches), .patchMeans(layer: 3, scale: .logits),
    ]
    func encode(_ reduction: ViewReduction?) -> EncodedView {
      tower.encode(
        TowerInput(pixels: picture.views[0].pixels.values, patchGrid: picture.patchGrids[0], reduction: reduction),
        evidence: kinds, inspection: nil, workers: model.workers)
    }
    let dense = encode(nil)
    let nothing = encode(ViewReduction(method: method, schedule: [Int](repeating: 25, count: 4)))
    #expect(nothing.rows == dense.rows && nothing.classToken == dense.classToken)
    #expect(nothing.evidence == dense.evidence && nothing.reduced?.owners == Array(0..<25))
    let stage = try model.answer(setting: try TestModel.setting("\(name)(keep=25) + fastervlm", keep: "9"))
    let alone = try model.answer(setting: try TestModel.setting("fastervlm", keep: "9"))
    #expect(stage.isIdentical(to: alone) && stage.visual[0].reduced == nil)
  }

  @Test(arguments: StrategyLists.insideTower, ["5", "9", "24", "50%", "0.36"])
  func `leave exactly the budget, with every way to compute`(_ name: String, keep: String) throws {
    let wanted = keep == "50%" ? 12 : keep == "0.36" ? 9 : try #require(Int(keep))
    for precision in [Precision.f32, .bf16, .int8] {
      for model in ["tiny-classic", "tiny-full", "tiny-grouped", "tiny-sparse", "tiny-layers"] {
        let loaded = try TestModel.load(model, compute: ComputeOptions(precision: precision))
        guard loaded.grid.count == 25 else { continue }
        let answer = try loaded.answer(setting: try TestModel.setting(name, keep: keep), newTokens: 2)
        #expect(answer.keptTokens == wanted && answer.visual[0].rows.rows == wanted + (loaded.sendsClassToken ? 1 : 0))
      }
    }
  }

  @Test func `are the same with any number of threads`() throws {
    let setting = try TestModel.setting("tome(inflect=-0.5)", keep: "7")
    let one = try TestModel.load("tiny-grouped", workers: 1).answer(setting: setting)
    let three = try TestModel.load("tiny-grouped", workers: 3).answer(setting: setting)
    #expect(one.isIdentical(to: three) && one.plans == three.plans)
  }

  @Test func `work where a family connects several blocks, whose rows are combined as the tower's were`() throws {
    let model = try TestModel.load("tiny-layers")
    let setting = try TestModel.setting("tome", keep: "\(model.grid.count - 3)")
    let inspection = Inspection()
    _ = try model.answer(setting: setting, newTokens: 1, inspection: inspection)
    let (features, block) = (try #require(inspection["vision.features"]), try #require(inspection["vision.block.01"]))
    #expect(features.shape[1] == model.grid.count - 3)
    // The first columns are block 1's output; its rows are the tokens, in the tower's order without the class token.
    let width = block.shape[2]
    let rows = Set((1..<block.shape[1]).map { Array(block.floats[$0 * width..<($0 + 1) * width]) })
    for token in 0..<features.shape[1] {
      #expect(rows.contains(Array(features.floats[token * 2 * width..<token * 2 * width + width])))
    }
  }

  @Test func `are counted on the rows that run: attention on those that enter, the MLP on those that leave`() throws {
    let tower = try #require(try TestModel.load("tiny-classic").family.tower(for: .image) as? TransformerTower)
    let grid = tower.transformer.configuration.grid
    let dense = tower.cost(of: grid)
    let same = tower.cost(of: grid, kept: nil, schedule: [25, 25, 25, 25])
    #expect(same.linear == dense.linear && same.attention == dense.attention && same.rows == dense.rows)
    let cost = tower.cost(of: grid, kept: nil, schedule: [25, 10, 10, 4])
    let (width, inner) = (64.0, 128.0)
    let (entering, leaving) = ([26.0, 26, 11, 11], [26.0, 11, 11, 5])
    let patches = 2 * 25 * 3 * 14 * 14 * width
    let projections = entering.reduce(0) { $0 + 8 * $1 * width * width }
    #expect(cost.linear == leaving.reduce(patches + projections) { $0 + 4 * $1 * width * inner })
    #expect(cost.attention == entering.reduce(0) { $0 + 4 * $1 * $1 * width })
  }
}
