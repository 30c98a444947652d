import Kernels
import Pruning
import Synchronization
import TestSupport
import Testing

@testable import VLM

/// A check that says stop from its `limit`th question on, and counts the questions.
private final class Countdown: Sendable {
  private let limit: Int
  private let count = Atomic<Int>(0)

  init(_ limit: Int) { self.limit = limit }

  var asked: Int { count.load(ordering: .relaxed) }

  func isOver() -> Bool { count.wrappingAdd(1, ordering: .relaxed).newValue >= limit }
}

@Suite struct `Work that is no longer wanted` {
  private func isCancelled(_ body: () throws -> Void) -> Bool {
    if case .cancelled = vlmError(body) { true } else { false }
  }

  @Test(arguments: ["tiny-classic", "tiny-qwen2_5-vl-a", "tiny-qwen3-vl-a"])
  func `stops before any block of the tower, and asks no more`(_ name: String) throws {
    let model = try TestModel.load(name, workers: 1)
    let picture = try model.picture("tiny-wide.png")
    let never = Countdown(.max)
    _ = try model.stopping(when: never.isOver).encode(picture, evidence: .none)
    let blocks = model.towerDescription.featureLayer + 1
    #expect(never.asked >= blocks)
    for limit in 1...never.asked {
      let check = Countdown(limit)
      let stopping = model.stopping(when: check.isOver)
      #expect(isCancelled { _ = try stopping.encode(picture, evidence: .none) })
      #expect(check.asked == limit)
    }
  }

  @Test(arguments: [("none", "all"), ("hiprune", "9"), ("fastv", "20")])
  func `leaves a conversation as it was, wherever it stops`(strategy: String, keep: String) throws {
    let model = try TestModel.load("tiny-classic", workers: 1)
    let setting = try TestModel.setting(strategy, keep: keep)
    let options = GenerationOptions(maxNewTokens: 3)
    let pictures = [try model.picture("tiny-wide.png")]
    let expected = try model.answer(setting: setting, newTokens: 3)
    let never = Countdown(.max)
    var undisturbed = Conversation(model: model, setting: setting)
    undisturbed.stop(when: never.isOver)
    _ = try undisturbed.ask("What colour is the ring?", newPictures: pictures, options: options)
    let checks = never.asked
    #expect(checks > model.towerDescription.depth)
    var conversation = Conversation(model: model, setting: setting)
    for limit in 1...checks {
      let check = Countdown(limit)
      conversation.stop(when: check.isOver)
      #expect(
        isCancelled { _ = try conversation.ask("What colour is the ring?", newPictures: pictures, options: options) })
      #expect(check.asked == limit)
    }
    conversation.stop { false }
    let answer = try conversation.show("What colour is the ring?", newPictures: pictures, options: options)
    #expect(answer.isIdentical(to: expected))
  }
}
