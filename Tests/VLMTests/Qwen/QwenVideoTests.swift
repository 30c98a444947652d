import Basics
import Images
import Language
import Pruning
import TestSupport
import Testing

@testable import VLM

@Suite struct `A video of the Qwen families` {
  private func ids(_ model: VisionLanguageModel, _ picture: Picture, keep: String = "all") throws -> Inspection {
    let inspection = Inspection()
    var conversation = Conversation(model: model, setting: try TestModel.setting("uniform", keep: keep))
    _ = try conversation.show(
      "Where?", newPictures: [picture], options: GenerationOptions(maxNewTokens: 1), inspection: inspection)
    return inspection
  }

  @Test(arguments: QwenModel.names, [1, 2, 5])
  func `is a view for each pair of frames, and keeps tokens in each`(_ name: String, count: Int) throws {
    let model = try TestModel.load(name)
    let video = try QwenModel.video(count, for: model)
    #expect(video.layout == .frames((count + 1) / 2) && video.frames.count == count)
    #expect(video.views.allSatisfy { $0.pixels.frames == 2 } && Set(video.patchGrids).count == 1)
    var conversation = Conversation(model: model, setting: try TestModel.setting("hiprune", keep: "50%"))
    let answer = try conversation.show("Where?", newPictures: [video], options: GenerationOptions(maxNewTokens: 2))
    #expect(answer.visual[0].plan.views.allSatisfy { $0.rows > 0 } && answer.keptTokens < answer.visualTokens)
  }

  @Test(arguments: QwenModel.names)
  func `is pruned by what changes from pair to pair`(_ name: String) throws {
    let model = try TestModel.load(name)
    let video = try QwenModel.video(5, for: model)
    for strategy in ["evs", "vidcom2"] {
      var conversation = Conversation(model: model, setting: try TestModel.setting(strategy, keep: "50%"))
      let answer = try conversation.show("Where?", newPictures: [video], options: GenerationOptions(maxNewTokens: 2))
      let rows = answer.visual[0].plan.views.map(\.rows)
      let cells = answer.visualTokens / 3
      #expect(rows.count == 3 && (strategy != "evs" || rows[0] == cells), "\(strategy): \(rows)")
      #expect(answer.keptTokens < answer.visualTokens)
    }
  }

  /// "<0.2 seconds>": the middle of the pair at 0 and 0.5 s, rounded half to even.
  @Test func `stands in the prompt after its times in words, where the family writes them`() throws {
    let model = try TestModel.load("tiny-qwen3-vl-a")
    let video = try QwenModel.video(5, for: model)
    let marker = "<|vision_start|><|video_pad|><|vision_end|>"
    let times = ["<0.2 seconds>", "<1.2 seconds>", "<2.0 seconds>"]
    #expect(model.family.placeholder(for: video) == times.map { $0 + marker }.joined())
    #expect(model.family.markerCount(of: video) == 3)
    let tokens = model.family.describe(video, packing: .spatial).tokens[0]
    let written = times.map {
      $0 + "<|vision_start|>" + String(repeating: "<|video_pad|>", count: tokens) + "<|vision_end|>"
    }.joined()
    let prompt = "<|im_start|>user\n\(written)Where?<|im_end|>\n<|im_start|>assistant\n"
    #expect(try ids(model, video)["prompt.input_ids"]?.integers == model.tokenizer.encode(prompt))
  }

  @Test func `stands in a prompt of the user's own with or without its surroundings`() throws {
    let model = try TestModel.load("tiny-qwen3-vl-a")
    let video = try QwenModel.video(4, for: model)
    func answer(_ placeholder: String) throws -> ShownAnswer {
      var conversation = Conversation(model: model, setting: try TestModel.setting())
      return try conversation.show(
        "<|im_start|>user\n\(placeholder)Where?<|im_end|>\n<|im_start|>assistant\n", newPictures: [video],
        rawPrompt: true, options: GenerationOptions(maxNewTokens: 3))
    }
    let full = try answer("<|vision_start|><|video_pad|><|vision_end|>")
    #expect(try answer("<|video_pad|>").isIdentical(to: full))
    guard case .placeholders(0, 1, _)? = vlmError({ _ = try answer("") }) else {
      Issue.record("a prompt without a marker was answered")
      return
    }
  }

  /// A combining mark and what is before it are one character, but not one token.
  @Test(arguments: ["<|vision_start|><|video_pad|><|vision_end|>", "<|video_pad|>"])
  func `stands in a prompt before a combining mark`(placeholder: String) throws {
    let model = try TestModel.load("tiny-qwen3-vl-a")
    let video = try QwenModel.video(4, for: model)
    let text = { (shown: String) in "user\n\(shown)\u{301}Where?" }
    #expect(
      try model.promptTokens(text(placeholder), pictures: [video])
        == model.tokenizer.encode(text(model.family.placeholder(for: video))))
    guard
      case .placeholderInQuestion("<|video_pad|>")? = vlmError({
        try model.refusePlaceholders(in: "<|video_pad|>\u{301}?")
      })
    else {
      Issue.record("a question with a placeholder was taken")
      return
    }
  }

  @Test(arguments: [0, -1, Int.max])
  func `is not read with a bound on tokens that is none`(bound: Int) throws {
    let model = try TestModel.load("tiny-qwen2-vl-b")
    guard
      case .visualTokenBound(bound)? = vlmError({
        _ = try QwenModel.video(2, for: model, options: PictureOptions(maxVisualTokens: bound))
      })
    else {
      Issue.record("the bound was taken")
      return
    }
  }

  @Test(arguments: [
    FrameTimes(count: 2, rate: 0), FrameTimes(count: 2, rate: -1), FrameTimes(count: 3), FrameTimes(seconds: [1, 0]),
    FrameTimes(seconds: [0, .infinity]),
  ])
  func `is not read with times that are none`(times: FrameTimes) throws {
    let model = try TestModel.load("tiny-qwen2-vl-b")
    let frames = Array(try ViewModel.frames().prefix(2))
    guard case .unreadable("tiny", _)? = vlmError({ _ = try model.video(frames, times: times, file: "tiny") }) else {
      Issue.record("the times were taken")
      return
    }
  }

  @Test func `file of few frames is read as a pair, however few are asked for`() {
    let one = FrameSampling.rate(2, least: 1, most: 768, spacing: .fromStart)
    #expect(one.frames(of: [0, 0.04, 0.08]) == [0, 1])
  }

  /// Two position numbers a second: 1 s a view at two frames a second, 2 s at one.
  @Test(arguments: [(2.0, [0, 2, 4]), (1.0, [0, 4, 8]), (8.0, [0, 0, 1])])
  func `has times in its positions where the family counts them`(rate: Double, times: [Int]) throws {
    let model = try TestModel.load("tiny-qwen2_5-vl-a")
    let video = try QwenModel.video(5, for: model, rate: rate)
    let shown = try ids(model, video)
    let tokens = model.family.describe(video, packing: .spatial).tokens[0]
    let input = try #require(shown["prompt.input_ids"]?.integers)
    let marker = try #require(model.family.markers[.video]).token
    let start = try #require(input.firstIndex(of: marker))
    let positions = try #require(shown["prompt.position_ids"]?.integers)
    #expect((0..<3).map { positions[start + $0 * tokens] - start } == times)
  }

  @Test func `of more frames than the family reads is refused, and its frames have one size`() throws {
    let model = try TestModel.load("tiny-qwen2-vl-b")
    let frames = try ViewModel.frames()
    let many = (0..<769).map { frames[$0 % 11] }
    guard case .tooManyFrames(769, 768, "many")? = vlmError({ _ = try model.video(many, file: "many") }) else {
      Issue.record("769 frames were read")
      return
    }
    let other = ("tiny-wide.png", try readFile(Fixtures.image("tiny-wide.png").path))
    guard
      case .image(.unequalFrames(_, _, 2), "mixed")? = vlmError({
        _ = try model.video([frames[0], frames[1], other], file: "mixed")
      })
    else {
      Issue.record("frames of two sizes were read")
      return
    }
  }

  @Test func `file is sampled by time: two frames a second, an even number, or both ends`() {
    let even = FrameSampling.rate(2, least: 4, most: 768, spacing: .fromStart)
    let ends = FrameSampling.rate(2, least: 4, most: 768, spacing: .fromStartToEnd)
    let times = (0..<100).map { Double($0) / 25 }
    // Four seconds: eight frames.
    #expect(even.frames(of: times) == [0, 12, 25, 37, 50, 62, 75, 87])
    #expect(ends.frames(of: times) == [0, 14, 28, 42, 57, 71, 85, 99])
    // Shorter than two seconds: the least number; fewer frames than that: all, in pairs.
    #expect(even.frames(of: Array(times.prefix(10))) == [0, 2, 5, 7])
    #expect(even.frames(of: Array(times.prefix(3))) == [0, 1])
    #expect(ends.frames(of: Array(times.prefix(3))) == [0, 1, 2] && ends.frames(of: [0.0]) == [0])
    #expect(even.frames(of: (0..<10_000).map(Double.init)).count == 768)
    #expect(even.frames(of: 7) == Array(0..<7))
    // What is left out lies between the frames that are read.
    #expect(FrameTimes(seconds: times).sampled(even.frames(of: times)).secondsPerFrame == 0.5)
  }
}
