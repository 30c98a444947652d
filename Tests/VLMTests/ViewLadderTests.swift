import Basics
import Foundation
import Pruning
import TestSupport
import Testing

@testable import VLM

/// The models that see several views of a picture, loaded for tests.
enum ViewModel {
  static let next = ["tiny-next-vicuna", "tiny-next-mistral", "tiny-next-llama3"]
  static let video = "tiny-video"

  /// The frames of `fixtures/videos/tiny`, in order.
  static func frames() throws -> [(name: String, bytes: [UInt8])] {
    try (1...11).map { ("frame\($0).png", try readFile(Fixtures.url("videos/tiny/frame\($0).png").path)) }
  }

  /// The frames that are sampled of them.
  static func sampled() throws -> [(name: String, bytes: [UInt8])] {
    let frames = try frames()
    return VideoSampling.frames(of: frames.count).map { frames[$0] }
  }

  /// What a golden calls a picture: a file of `fixtures/images`, or "video".
  static func picture(_ name: String, for model: VisionLanguageModel) throws -> Picture {
    name == "video" ? try model.video(try sampled(), file: "tiny") : try model.picture(name)
  }
}

@Suite struct `The ladders over several views against transformers` {
  static let files = LadderFile.files(in: "next") + LadderFile.files(in: "video")

  @Test func `cover every model, shape and number of pictures`() {
    let names = Self.files.map(\.name)
    for shape in ["wide", "square", "panorama", "tall", "exact", "speck", "strip", "thread", "video"] {
      #expect(names.contains { $0.hasSuffix(shape) }, "\(shape)")
    }
    for model in ["vicuna.", "mistral.", "llama3.", "video"] { #expect(names.contains { $0.hasPrefix(model) }) }
    #expect(names.count { $0.contains("globalcom2") } >= 8 && names.count { $0.contains("fastervlm") } >= 5)
    #expect(names.count { $0.contains("+") } >= 4)
  }

  @Test(arguments: files)
  func `hold in every rung, from pixels to 32 greedy tokens`(_ file: LadderFile) throws {
    let rungs = try LadderFile.Rungs(file)
    let facts = rungs.own.metadata
    let model = try TestModel.load(try #require(facts["model"]))
    let setting = try TestModel.setting(
      try #require(facts["strategy"]), keep: try #require(facts["keep"]),
      positions: facts["positions"] == "original" ? .original : .renumbered)
    let pictures = try #require(facts["pictures"]).split(separator: ",").map {
      try ViewModel.picture(String($0), for: model)
    }
    let inspection = Inspection(.init(attention: Set(0..<model.towerDescription.depth)))
    var conversation = Conversation(model: model, setting: setting)
    let answer = try conversation.show(
      try #require(facts["question"]), newPictures: pictures, options: GenerationOptions(maxNewTokens: 32),
      inspection: inspection)

    let found = Dictionary(uniqueKeysWithValues: inspection.tensors.map { ($0.name, $0) })
    guard try rungs.expect(found, in: file.name) else { return }
    let text = try #require(facts["answer"]).trimmingCharacters(in: .whitespacesAndNewlines)
    #expect(answer.finishReason == .stop ? text.hasPrefix(answer.text) : answer.text == text)
    if let grids = facts["grids"] {
      let layouts = grids.split(separator: ",").compactMap { Grid(parsing: $0) }.map(ViewLayout.thumbnailAndCrops)
      #expect(pictures.map(\.layout) == layouts)
    }
    // What is reported is what the decoder read.
    let rows = answer.visual.reduce(0) { $0 + $1.rows.rows }
    let separators = answer.visual.reduce(0) { $0 + $1.plan.sequence.count { $0 == .separator } }
    let classTokens = answer.visual.reduce(0) { $0 + $1.plan.sequenceCodes.count { $0 <= -100 } }
    #expect(rows == answer.keptTokens + separators + classTokens)
    #expect(zip(pictures, answer.visual).allSatisfy { $0.views.count == $1.plan.views.count })
  }
}
