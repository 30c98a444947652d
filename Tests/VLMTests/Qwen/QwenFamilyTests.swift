import Basics
import Images
import Kernels
import Language
import Pruning
import TestSupport
import Testing

@testable import VLM

@Suite struct `A model of the Qwen families` {
  private static let options = GenerationOptions(maxNewTokens: 6)

  private func show(
    _ model: VisionLanguageModel, _ pictures: [Picture], _ strategy: String = "none", keep: String = "all",
    chunk: Int = .max, inspection: Inspection? = nil
  ) throws -> ShownAnswer {
    var conversation = Conversation(model: model, setting: try TestModel.setting(strategy, keep: keep))
    return try conversation.show(
      "What is it?", newPictures: pictures, options: Self.options, inspection: inspection, chunk: chunk)
  }

  @Test(arguments: QwenModel.names)
  func `sees a picture as one view of its own shape, and sends two by two patches as a token`(_ name: String) throws {
    let model = try TestModel.load(name)
    for file in ["tiny-wide.png", "tiny-tall.png"] {
      let picture = try model.picture(file)
      let description = model.family.describe(picture, packing: .spatial)
      #expect(picture.layout == .single && description.visualTokens * 4 == picture.patchGrids[0].count)
      #expect(
        (picture.image.width > picture.image.height) == (description.grids[0].columns > description.grids[0].rows))
      let inspection = Inspection()
      let answer = try show(model, [picture], inspection: inspection)
      #expect(answer.visualTokens == description.visualTokens && answer.keptTokens == answer.visualTokens)
      let pixels = try #require(inspection["pixel_values"])
      let patch = picture.views[0].pixels.height / picture.patchGrids[0].rows
      #expect(pixels.shape == [picture.patchGrids[0].count, 3 * 2 * patch * patch])
      #expect(inspection["prompt.position_ids"]?.shape == [3, answer.promptLength])
    }
  }

  @Test(arguments: QwenModel.families, ["hiprune", "fopru", "random", "uniform", "downsample", "hiprune++"])
  func `keeps about the share that it is given, of pictures of any shape`(_ name: String, strategy: String) throws {
    let model = try TestModel.load(name)
    for file in ["tiny-wide.png", "tiny-panorama.png", "tiny-portrait.png"] {
      let answer = try show(model, [try model.picture(file)], strategy, keep: "40%")
      let budget = 0.4 * Double(answer.visualTokens)
      #expect(answer.keptTokens > 0 && Double(answer.keptTokens) <= budget * 1.1 + 1, "\(strategy), \(file)")
      #expect(answer.visual[0].rows.rows == answer.keptTokens)
      #expect(answer.visual[0].levels.allSatisfy { $0.rows == answer.keptTokens })
    }
  }

  @Test(arguments: QwenModel.names)
  func `keeps its positions under pruning, and its answer does not depend on how the prompt is cut`(
    _ name: String
  ) throws {
    let model = try TestModel.load(name)
    let pictures = [try model.picture("tiny-wide.png"), try model.picture("tiny-portrait.png")]
    let (dense, pruned) = (Inspection(), Inspection())
    let whole = try show(model, pictures, inspection: dense)
    let answer = try show(model, pictures, "uniform", keep: "50%", inspection: pruned)
    // The last position is that of the last word, whatever was dropped before it.
    let last = try [dense, pruned].map { try #require($0["prompt.position_ids"]?.integers?.last) }
    #expect(last[0] == last[1] && answer.keptTokens < whole.keptTokens)
    for keep in ["all", "50%"] {
      let one = try show(model, pictures, "uniform", keep: keep)
      for chunk in [1, 7] {
        let parts = try show(model, pictures, "uniform", keep: keep, chunk: chunk)
        expectClose(
          actual: parts.firstLogits, expected: one.firstLogits, tolerance: Tolerances.logits, label: "chunk \(chunk)")
        #expect(parts.generated == one.generated)
      }
    }
  }

  @Test(arguments: QwenModel.names)
  func `answers a second question from its cache as a fresh one would`(_ name: String) throws {
    let model = try TestModel.load(name)
    let picture = try model.picture("tiny-tall.png")
    let setting = try TestModel.setting("hiprune", keep: "50%")
    var conversation = Conversation(model: model, setting: setting)
    _ = try conversation.show("What is it?", newPictures: [picture], options: Self.options)
    conversation.forgetTurns()
    let reused = try conversation.show("Where is the ring?", options: Self.options)
    var other = Conversation(model: model, setting: setting)
    let fresh = try other.show("Where is the ring?", newPictures: [picture], options: Self.options)
    expectClose(
      actual: reused.firstLogits, expected: fresh.firstLogits, tolerance: Tolerances.logits, label: "second question")
    #expect(reused.generated == fresh.generated)
  }

  @Test(arguments: QwenModel.families)
  func `keeps everything bit for bit when the budget is everything`(_ name: String) throws {
    let model = try TestModel.load(name)
    let picture = try model.picture("tiny-wide.png")
    let dense = try show(model, [picture])
    let full = try show(model, [picture], "hiprune", keep: "\(dense.visualTokens)")
    #expect(full.isIdentical(to: dense))
  }

  @Test(arguments: QwenModel.families)
  func `refuses strategies that read a class token, and names those that work`(_ name: String) throws {
    let model = try TestModel.load(name)
    for strategy in ["fastervlm", "vtc-cls"] {
      let error = vlmError { try model.check(try TestModel.setting(strategy, keep: "50%")) }
      guard case .pruning(.needsClassToken(_, let alternatives))? = error else {
        Issue.record("\(strategy): \(String(describing: error))")
        continue
      }
      #expect(alternatives.contains("hiprune") && alternatives.contains("fopru") && !alternatives.contains("fastervlm"))
    }
  }

  @Test(arguments: QwenModel.families)
  func `reads a picture so small that it has no more tokens than a bound`(_ name: String) throws {
    let model = try TestModel.load(name)
    let bytes = try readFile(Fixtures.image("scene.png").path)
    let free = try model.picture(bytes, file: "scene")
    for bound in [1, 6, 20] {
      let picture = try model.picture(bytes, file: "scene", options: PictureOptions(maxVisualTokens: bound))
      let tokens = model.family.describe(picture, packing: .spatial).visualTokens
      #expect((1...bound).contains(tokens) && picture.patchGrids[0].count < free.patchGrids[0].count)
    }
    let video = try QwenModel.video(5, for: model, options: PictureOptions(maxVisualTokens: 9))
    #expect(model.family.describe(video, packing: .spatial).visualTokens <= 9)
    let error = vlmError {
      _ = try QwenModel.video(5, for: model, options: PictureOptions(maxVisualTokens: 2))
    }
    guard case .boundTooSmall(2, 3, "tiny")? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
  }

  @Test func `(but a bound means nothing to a family whose pictures have one size)`() throws {
    let model = try TestModel.load("tiny-classic")
    let bytes = try readFile(Fixtures.image("scene.png").path)
    let error = vlmError { _ = try model.picture(bytes, file: "x", options: PictureOptions(maxVisualTokens: 9)) }
    guard case .fixedResolution("llava")? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(error?.isUsageError == true && error?.hint.contains("--keep") == true)
  }

  @Test func `tells what its positions and evidence are worth: blocks with windows warn`() throws {
    let model = try TestModel.load("tiny-qwen2_5-vl-a")
    #expect(model.warnings(about: try TestModel.setting("hiprune", keep: "50%")).isEmpty)
    let local = try TestModel.setting("hiprune(object=1, deep=4)", keep: "50%")
    #expect(model.warnings(about: local).count == 2)
  }
}
