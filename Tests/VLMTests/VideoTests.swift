import Images
import Pruning
import TestSupport
import Testing

@testable import VLM

@Suite struct `A video` {
  private func ask(
    _ model: VisionLanguageModel, _ video: Picture, strategy: String = "none", keep: String = "all"
  ) throws -> ShownAnswer {
    var conversation = Conversation(model: model, setting: try TestModel.setting(strategy, keep: keep))
    return try conversation.show("Where does it go?", newPictures: [video], options: .init(maxNewTokens: 2))
  }

  @Test func `of eleven frames is read at eight, evenly, and a shorter one repeats frames`() {
    #expect(VideoSampling.frames(of: 11) == [0, 1, 2, 4, 5, 6, 8, 9])
    #expect(VideoSampling.frames(of: 8) == Array(0..<8))
    #expect(VideoSampling.frames(of: 3) == [0, 0, 0, 1, 1, 1, 2, 2])
    #expect(VideoSampling.frames(of: 1) == [Int](repeating: 0, count: 8))
    #expect(VideoSampling.frames(of: 1_000_000).last == 875_000)
  }

  @Test func `keeps the same number of tokens in every frame, under every strategy`() throws {
    let model = try TestModel.load(ViewModel.video)
    let video = try model.video(try ViewModel.sampled(), file: "tiny")
    for strategy in StrategyLists.equal {
      let answer = try ask(model, video, strategy: strategy, keep: "40")
      let kept = answer.visual[0].plan.views.map(\.rows)
      let most = strategy == "hiprune++" ? 6 : 5
      #expect(answer.visualTokens == 128 && kept.count == 8 && Set(kept).count == 1, "\(strategy): \(kept)")
      #expect((1...most).contains(kept[0]) && answer.keptTokens == 8 * kept[0], "\(strategy)")
      #expect(answer.visual[0].rows.rows == answer.keptTokens, "\(strategy) sends no class token")
    }
  }

  @Test func `is pruned by what changes from frame to frame, and a picture is not`() throws {
    let model = try TestModel.load(ViewModel.video)
    let video = try model.video(try ViewModel.sampled(), file: "tiny")
    let changed = try ask(model, video, strategy: "evs", keep: "40")
    // The first frame is whole.
    #expect(changed.visual[0].plan.views[0].rows == 16 && changed.keptTokens == 40)
    #expect(try ask(model, video, strategy: "evs", keep: "5").keptTokens == 16)
    let unlike = try ask(model, video, strategy: "vidcom2", keep: "25%")
    #expect(unlike.visual[0].plan.views.allSatisfy { $0.rows >= 1 } && abs(unlike.keptTokens - 32) <= 4)
    #expect(unlike.visual[0].rows.rows == unlike.keptTokens)
    let picture = try model.picture("tiny-wide.png")
    #expect(try ask(model, picture, strategy: "vidcom2", keep: "25%").keptTokens == 4)
    guard
      case .pruning(.needsFrames(strategy: "evs"))? = vlmError({
        _ = try ask(model, picture, strategy: "evs", keep: "50%")
      })
    else {
      Issue.record("a picture was taken for a video")
      return
    }
  }

  @Test func `sends the class token of each frame as long as nothing is pruned`() throws {
    let model = try TestModel.load(ViewModel.video)
    let answer = try ask(model, try model.video(try ViewModel.sampled(), file: "tiny"))
    #expect(answer.visualTokens == 128 && answer.keptTokens == 128 && answer.visual[0].rows.rows == 136)
  }

  @Test func `may have frames of several sizes`() throws {
    let model = try TestModel.load(ViewModel.video)
    let files = ["tiny-wide.png", "tiny-tall.png", "tiny-speck.png", "tiny-thread.png"]
    let frames = try files.map { ($0, try readFile(Fixtures.image($0).path)) }
    let video = try model.video(VideoSampling.frames(of: 4).map { frames[$0] }, file: "mixed")
    #expect(video.views.count == 8 && video.layout == .frames(8))
    #expect(video.views.allSatisfy { $0.pixels.width == 28 && $0.pixels.height == 28 })
    #expect(try ask(model, video, strategy: "fastervlm", keep: "25%").keptTokens == 32)
  }

  @Test func `with a broken frame is refused, naming it`() throws {
    let model = try TestModel.load(ViewModel.video)
    var frames = try ViewModel.sampled()
    frames[5] = ("frame-five.png", Array(frames[5].bytes.prefix(200)))
    let error = vlmError { _ = try model.video(frames, file: "tiny") }
    guard case .image(_, "frame-five.png")? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    guard case .unreadable? = vlmError({ _ = try model.video([], file: "none") }) else {
      Issue.record("a video without frames was accepted")
      return
    }
  }

  @Test func `is refused by models that read images only`() throws {
    let frames = try ViewModel.sampled()
    for name in ["tiny-classic", "tiny-next-vicuna"] {
      let model = try TestModel.load(name)
      let error = vlmError { _ = try model.video(frames, file: "tiny") }
      guard case .noVideos("tiny", model.familyName)? = error else {
        Issue.record("\(name): \(String(describing: error))")
        continue
      }
    }
  }

  @Test func `and an image have placeholders of their own, in their order`() throws {
    let model = try TestModel.load(ViewModel.video)
    let pictures = [try model.video(try ViewModel.sampled(), file: "tiny"), try model.picture("tiny-wide.png")]
    func error(_ text: String) throws -> VLMError? {
      var conversation = Conversation(model: model, setting: try TestModel.setting("uniform", keep: "8"))
      do {
        _ = try conversation.show(text, newPictures: pictures, rawPrompt: true, options: .init(maxNewTokens: 1))
        return nil
      } catch { return error }
    }
    #expect(try error("USER: <video>\n<image>\nBoth? ASSISTANT:") == nil)
    guard
      case .placeholderOrder(found: [.image, .video], pictures: [.video, .image])? =
        try error("USER: <image>\n<video>\nBoth? ASSISTANT:")
    else {
      Issue.record("pictures were swapped")
      return
    }
    guard
      case .placeholderInQuestion("<video>")? = vlmError({
        _ = try model.answer("What is <video>?", setting: try TestModel.setting())
      })
    else {
      Issue.record("a placeholder in a question was accepted")
      return
    }
  }

  @Test func `has a digest of its frames' order`() throws {
    let model = try TestModel.load(ViewModel.video)
    let frames = try ViewModel.sampled()
    let forward = try model.video(frames, file: "a")
    #expect(try model.video(frames, file: "b").digest == forward.digest)
    #expect(try model.video(frames.reversed(), file: "a").digest != forward.digest)
  }
}
