import Foundation
import Images
import Kernels
import Pruning
import TestSupport
import Testing
import ViT

@testable import VLM

/// A tower that is given only some of a picture's cells: `fixtures/generate/qwen_pixelprune.py`.
@Suite struct `A Qwen tower on some of the cells` {
  static let files = QwenModel.names.flatMap { LadderFile.files(in: "qwen/\($0)") }
    .filter { $0.name.contains("pixelprune") }

  @Test func `has goldens of every family`() {
    #expect(Self.files.count == 4 && Set(Self.files.map(\.folder)).count == 3)
  }

  @Test(arguments: files)
  func `computes what transformers computes of those`(_ file: LadderFile) throws {
    let golden = try LadderFile.Rungs(file).own
    let model = try TestModel.load(try #require(golden.metadata["model"]))
    let picture = try model.picture(try #require(golden.metadata["pictures"]))
    let kept = try golden.integers("plan.kept")
    let depth = model.towerDescription.depth
    let kinds = (0..<depth).map { EvidenceKind.attentionReceived(layer: $0, queries: .all) }
    let inspection = Inspection()
    let encoded = model.family.tower(for: .image).encode(
      TowerInput(pixels: picture.views[0].pixels.values, patchGrid: picture.patchGrids[0], kept: kept),
      evidence: Set(kinds), inspection: inspection.ofTower, workers: model.workers)

    let found = QwenLadder.rungs(of: inspection)
    for name in ["vision.embeddings"] + (0..<depth).map({ "vision.block.0\($0)" }) {
      try golden.expect(try #require(found[name]).floats, name, tolerance: Tolerances.blocks)
    }
    for (block, kind) in kinds.enumerated() {
      let received = try #require(encoded.evidence[kind]?.vector).map(Float.init)
      try golden.expect(received, "received.0\(block)", tolerance: Tolerances.attentionSums)
    }
    let rows = model.family.connect(encoded.rows, workers: model.workers)
    let width = try golden.shape("projected")[1]
    for level in 0..<(rows.columns / width) {
      let part = (0..<rows.rows).flatMap { rows.row($0).dropFirst(level * width).prefix(width) }
      let name = level == 0 ? "projected" : "projected.deepstack.\(level - 1)"
      try golden.expect(part, name, tolerance: Tolerances.blocks)
    }
  }
}

@Suite struct `PixelPrune on Qwen's models` {
  /// One scan of `pixelprune.json`: the cells that the reference keeps.
  struct Scan: Decodable, CustomTestStringConvertible {
    let model: String
    let picture: String
    let metric: String
    let threshold: Double
    let grid: [Int]
    let kept: [Int]

    var spec: String { "pixelprune(metric=\(metric), threshold=\(threshold))" }
    var testDescription: String { "\(model), \(picture), \(spec)" }
  }

  private static let scans =
    (try? JSONDecoder().decode(
      [Scan].self, from: Data(contentsOf: Fixtures.url("golden/qwen/pixelprune.json")))) ?? []

  private func setting(_ spec: String, keep: String = "adaptive") throws -> PruningSetting {
    try TestModel.setting(spec, keep: keep, positions: .original)
  }

  private func kept(of picture: Picture, by setting: PruningSetting, _ model: VisionLanguageModel) throws -> [[Int]] {
    try #require(try model.planBeforeEncoder(picture, setting: setting)).views.map(\.anchors)
  }

  /// Black strokes on white, two lines of them.
  private static let page: RGBImage = {
    let (width, height) = (480, 400)
    let pixels = (0..<height).flatMap { y in
      (0..<width).flatMap { x -> [UInt8] in
        let isInked = (40..<52).contains(y % 200) && (60..<300).contains(x) && (x * 7 + y * 3) % 11 < 4
        return [UInt8](repeating: isInked ? 0 : 255, count: 3)
      }
    }
    return RGBImage(width: width, height: height, pixels: pixels)
  }()

  /// No two patches are alike.
  private static let noise: RGBImage = {
    var numbers = TestNumbers(seed: 3)
    return RGBImage(width: 90, height: 70, pixels: (0..<3 * 90 * 70).map { _ in UInt8(numbers.next() * 255) })
  }()

  @Test func `keeps the cells that the reference keeps, at every threshold and metric`() throws {
    #expect(Self.scans.count == 180)
    for name in Set(Self.scans.map(\.model)) {
      let model = try TestModel.load(name)
      for scan in Self.scans where scan.model == name {
        let picture = try model.picture(scan.picture)
        let grid = model.family.describe(picture, packing: .spatial).grids[0]
        #expect([grid.rows, grid.columns] == scan.grid, "\(scan.testDescription)")
        #expect(try kept(of: picture, by: setting(scan.spec), model) == [scan.kept], "\(scan.testDescription)")
      }
    }
  }

  /// A library's caller need not check a setting first.
  @Test func `joined with a method inside the decoder is refused where it is asked, too`() throws {
    let model = try TestModel.load("tiny-qwen2_5-vl-b")
    let joined = try TestModel.setting("pixelprune(keep=adaptive) + fastv", keep: "90%")
    let picture = try model.picture("tiny-page.png")
    for error in [
      vlmError { try model.check(joined) }, vlmError { _ = try model.planBeforeEncoder(picture, setting: joined) },
      vlmError {
        var conversation = Conversation(model: model, setting: joined)
        _ = try conversation.begin("What is it?", newPictures: [picture])
      },
    ] {
      #expect(error?.message.contains("stands alone") == true, "\(error?.message ?? "no error")")
    }
  }

  @Test(arguments: `A Qwen tower on some of the cells`.files)
  func `answers as transformers does from the same cells, in every rung`(_ file: LadderFile) throws {
    let rungs = try LadderFile.Rungs(file)
    let facts = rungs.own.metadata
    let model = try TestModel.load(try #require(facts["model"]))
    let kinds = (0..<model.towerDescription.depth).map { EvidenceKind.attentionReceived(layer: $0, queries: .all) }
    let inspection = Inspection(.init(evidence: Evidence(kinds)))
    var conversation = Conversation(model: model, setting: try setting(try #require(facts["strategy"])))
    let answer = try conversation.show(
      try #require(facts["question"]), newPictures: [try model.picture(try #require(facts["pictures"]))],
      options: GenerationOptions(maxNewTokens: 24), inspection: inspection)
    guard try rungs.expect(QwenLadder.rungs(of: inspection), in: file.name) else { return }
    #expect(answer.keptTokens == (try rungs.own.integers("plan.kept")).count)
    #expect(answer.keptTokens < answer.visualTokens && answer.visual[0].rows.rows == answer.keptTokens)
  }

  /// The other checkpoints bound pictures to 30 cells, each so large that most have strokes.
  @Test(arguments: ["tiny-qwen2-vl-b", "tiny-qwen2_5-vl-a", "tiny-qwen2_5-vl-b", "tiny-qwen3-vl-b"])
  func `drops most of a white page, and nothing that is written on it`(_ name: String) throws {
    let model = try TestModel.load(name)
    let picture = try model.picture(PNGEncoder.encode(Self.page), file: "page")
    let grid = model.family.describe(picture, packing: .spatial).grids[0]
    let pixels = try #require(model.family.cells(of: picture))[0].values
    let kept = try kept(of: picture, by: setting("pixelprune"), model)[0]
    #expect(Double(kept.count) < 0.5 * Double(grid.count), "\(kept.count) of \(grid)")
    // What is written repeats nowhere, so only white cells may go.
    let dropped = Set(0..<grid.count).subtracting(kept)
    #expect(dropped.allSatisfy { pixels.row($0).allSatisfy { $0 > 0.999 } || pixels.row($0) == pixels.row($0 - 1) })
  }

  @Test(arguments: QwenModel.names)
  func `keeps a picture whose patches all differ, and then changes no bit`(_ name: String) throws {
    let model = try TestModel.load(name)
    let picture = try model.picture(PNGEncoder.encode(Self.noise), file: "noise")
    func show(_ setting: PruningSetting) throws -> ShownAnswer {
      var conversation = Conversation(model: model, setting: setting)
      return try conversation.show("What is it?", newPictures: [picture], options: .init(maxNewTokens: 6))
    }
    let (pruned, dense) = (try show(setting("pixelprune")), try show(setting("none", keep: "all")))
    #expect(pruned.keptTokens == pruned.visualTokens && pruned.isIdentical(to: dense))
    // Everything is kept: the strategy is not asked.
    let page = try model.picture("tiny-page.png")
    #expect(try model.planBeforeEncoder(page, setting: setting("pixelprune", keep: "all")) == nil)
  }

  @Test func `fits a budget in tokens`() throws {
    let model = try TestModel.load("tiny-qwen2_5-vl-b")
    let picture = try model.picture("tiny-page.png")
    let total = model.family.describe(picture, packing: .spatial).visualTokens
    for budget in [40, 30, 12, 1] {
      let count = try kept(of: picture, by: setting("pixelprune", keep: "\(budget)"), model)[0].count
      #expect((1...budget).contains(count), "\(count) for \(budget) of \(total)")
    }
  }

  @Test func `is not confused by what a conversation knows of the picture`() throws {
    let model = try TestModel.load("tiny-qwen2_5-vl-b")
    let picture = try model.picture("tiny-page.png")
    let settings = [
      try setting("none", keep: "all"), try setting("pixelprune"), try setting("pixelprune", keep: "12"),
      try setting("hiprune", keep: "50%"),
    ]
    let options = GenerationOptions(maxNewTokens: 6, isolatesQuestions: true)
    var conversation = Conversation(model: model, setting: settings[0])
    for (index, place) in [0, 1, 2, 1, 3, 0, 2].enumerated() {
      conversation.change(settings[place])
      conversation.forgetTurns()
      let answer = try conversation.show("What is it?", newPictures: index == 0 ? [picture] : [], options: options)
      var fresh = Conversation(model: model, setting: settings[place])
      let expected = try fresh.show("What is it?", newPictures: [picture], options: options)
      #expect(answer.isIdentical(to: expected) && answer.keptTokens == expected.keptTokens, "\(index)")
    }
  }

  @Test(arguments: QwenModel.families)
  func `compares both frames of a video's view`(_ name: String) throws {
    let model = try TestModel.load(name)
    let white = RGBImage(width: 96, height: 96, red: 255, green: 255, blue: 255)
    var pixels = white.pixels
    for index in stride(from: 0, to: pixels.count, by: 5) { pixels[index] = UInt8(index % 251) }
    let other = RGBImage(width: 96, height: 96, pixels: pixels)
    let frames = [("a", white), ("b", other), ("c", white), ("d", white)].map { ($0.0, PNGEncoder.encode($0.1)) }
    let video = try model.video(frames, times: FrameTimes(count: 4), file: "video")
    let kept = try kept(of: video, by: setting("pixelprune"), model)
    #expect(kept[0].count > 1 && kept[1] == [0])
    var conversation = Conversation(model: model, setting: try setting("pixelprune"))
    let answer = try conversation.show("What is it?", newPictures: [video], options: .init(maxNewTokens: 4))
    #expect(answer.keptTokens == kept[0].count + 1)
  }

  @Test func `is refused where the tower encodes whole views, with the strategies that work`() throws {
    let model = try TestModel.load("tiny-classic")
    let error = vlmError { try model.check(try setting("pixelprune")) }
    guard case .pruning(.needsPartialViews("pixelprune", let alternatives))? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(alternatives.contains("hiprune") && !alternatives.contains("pixelprune"))
    let qwen = try TestModel.load("tiny-qwen2-vl-a")
    #expect(qwen.fittingStrategies.names.contains("pixelprune"))
    #expect(vlmError { try qwen.check(try setting("pixelprune(threshold=0.1)", keep: "25%")) } != nil)
    let row = try #require(CapabilityMatrix().rows.first { $0.name == "pixelprune" })
    #expect(row.obstacles["llava"] != nil && row.obstacles["qwen2_5_vl"] == nil)
  }
}
