import Dispatch
import Foundation
import Language
import Pruning
import TestSupport
import Testing

@testable import VLM

@Suite struct `A scheduler` {
  private func expectSame(_ heard: Heard, _ alone: Answer, _ label: String) throws {
    let answer = try #require(heard.answer, "\(label): \(heard.error?.message ?? "no answer")")
    #expect(heard.hasStarted && heard.text == alone.text, "\(label)")
    #expect(answer.record.text == alone.text && answer.record.finishReason == alone.finishReason, "\(label)")
    #expect(
      answer.record.generatedTokens == alone.generatedTokens && answer.record.promptLength == alone.promptLength
        && answer.record.sentTokens == alone.sentTokens && answer.record.keptPerBlock == alone.keptPerBlock
        && answer.record.strategy == alone.strategy && answer.plans == alone.plans, "\(label)")
  }

  @Test(arguments: ["shapes-llava", "shapes-next"], [1, 4, 16])
  func `gives answers that are those of a conversation, whatever else runs`(
    _ name: String, parallel: Int
  ) async throws {
    let model = try TestModel.load(name)
    let scheduler = Scheduler(model: model, options: ServiceOptions(parallel: parallel))
    let questions = ServiceQuestion.mixed + ServiceQuestion.mixed.reversed()
    let tickets = try questions.map { try scheduler.submit(try $0.request(model)) }
    for (number, (question, ticket)) in zip(questions, tickets).enumerated() {
      try expectSame(await Heard(ticket), try question.alone(model), "\(number)")
    }
    #expect(scheduler.waiting == 0)
  }

  @Test(arguments: [Precision.bf16, .int8])
  func `gives them in narrow formats, too`(_ precision: Precision) async throws {
    let model = try TestModel.load("shapes-llava", compute: ComputeOptions(precision: precision))
    let scheduler = Scheduler(model: model, options: ServiceOptions(parallel: 5))
    let tickets = try ServiceQuestion.mixed.map { try scheduler.submit(try $0.request(model)) }
    for (question, ticket) in zip(ServiceQuestion.mixed, tickets) {
      try expectSame(await Heard(ticket), try question.alone(model), question.strategy)
    }
  }

  @Test func `goes on with a dialogue`() async throws {
    let model = try TestModel.load("shapes-llava")
    let scheduler = Scheduler(model: model)
    let first = ServiceQuestion(strategy: "hiprune", keep: "64")
    var request = try first.request(model)
    let one = await Heard(try scheduler.submit(request))
    request.turns[0].answer = one.text
    request.turns.append(Turn(question: "Where is the star?", pictures: 0))
    let two = await Heard(try scheduler.submit(request))
    var conversation = Conversation(model: model, setting: request.setting)
    let alone = try conversation.ask(
      try model.prompt(turns: request.turns, system: nil), newPictures: request.pictures, rawPrompt: true,
      options: request.options)
    try expectSame(two, alone, "second turn")
    // The first prompt is the second's beginning.
    #expect(two.answer?.cachedTokens == one.answer?.record.promptLength)
  }

  /// Calls `body` with a scheduler whose thread stands still while it prepares the first answer, and what lets it go
  /// on: a damaged file of features is told from that thread.
  private func withHeldScheduler(
    queue: Int, _ question: ServiceQuestion,
    _ body: (Scheduler, ServiceRequest, _ goOn: @Sendable () -> Void) async throws -> Void
  ) async throws {
    let model = try TestModel.load("tiny-classic")
    let folder = FileManager.default.temporaryDirectory.appending(path: "vlmprune-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let request = try question.request(model)
    let writer = Scheduler(
      model: model, options: ServiceOptions(featureFolder: FeatureFolder(path: folder, checkpoint: "tiny")))
    _ = await Heard(try writer.submit(request))
    await writer.drain()
    let file = try #require(try FileManager.default.contentsOfDirectory(atPath: folder).first)
    try writeFile([1], to: "\(folder)/\(file)")
    let gate = DispatchSemaphore(value: 0)
    let held = FeatureFolder(path: folder, checkpoint: "tiny") { _ in gate.wait() }
    let scheduler = Scheduler(model: model, options: ServiceOptions(queue: queue, featureFolder: held))
    try await body(scheduler, request) { gate.signal() }
    await scheduler.drain()
  }

  @Test func `refuses what its queue has no room for, and takes it when there is`() async throws {
    let question = ServiceQuestion(picture: "tiny-wide.png", newTokens: 4)
    try await withHeldScheduler(queue: 1, question) { scheduler, request, goOn in
      let runs = try scheduler.submit(request)
      await Heard.start(of: runs)
      let waits = try scheduler.submit(request)
      #expect(throws: ServiceRefusal.queueFull) { try scheduler.submit(request) }
      #expect(scheduler.waiting == 1)
      // Who waits leaves the queue at once, without an event.
      waits.cancel()
      let heard = await Heard(waits)
      #expect(!heard.hasStarted && heard.answer == nil && heard.error == nil && scheduler.waiting == 0)
      let next = try scheduler.submit(request)
      runs.cancel()
      goOn()
      let ended = await Heard(runs)
      #expect(ended.answer == nil && ended.error == nil && ended.pieces.isEmpty)
      try expectSame(await Heard(next), try question.alone(try TestModel.load("tiny-classic")), "after cancelled ones")
    }
  }

  @Test func `ends an answer that nobody reads any more`() async throws {
    let question = ServiceQuestion(picture: "tiny-wide.png")
    try await withHeldScheduler(queue: 0, question) { scheduler, request, goOn in
      let ticket = try scheduler.submit(request)
      await Heard.start(of: ticket)
      let reader = Task { await Heard(ticket) }
      reader.cancel()
      #expect(await reader.value.answer == nil)
      goOn()
      await scheduler.drain()
      #expect(await Heard(ticket).answer == nil)
    }
  }

  @Test func `answers what is there before it ends, and takes nothing new`() async throws {
    let model = try TestModel.load("tiny-classic")
    let scheduler = Scheduler(model: model, options: ServiceOptions(parallel: 2))
    let question = ServiceQuestion(picture: "tiny-wide.png", newTokens: 5)
    let tickets = try (0..<4).map { _ in try scheduler.submit(try question.request(model)) }
    await scheduler.drain()
    let request = try question.request(model)
    #expect(throws: ServiceRefusal.draining) { try scheduler.submit(request) }
    for ticket in tickets { #expect(await Heard(ticket).answer?.record.generatedTokens == 5) }
    await scheduler.drain()
  }

  @Test func `tells what is wrong with a request, and answers the next`() async throws {
    let model = try TestModel.load("tiny-classic")
    let scheduler = Scheduler(model: model)
    let question = ServiceQuestion(picture: "tiny-wide.png", newTokens: 4)
    var wrong: [ServiceRequest] = []
    for text in ["  ", "a <image>", String(repeating: "word ", count: 5000)] {
      wrong.append(try ServiceQuestion(question: text, picture: "tiny-wide.png").request(model))
    }
    var foreign = try question.request(model)
    foreign.pictures = []
    wrong += [foreign, try ServiceQuestion(picture: "tiny-wide.png", strategy: "hiprune", keep: "9999").request(model)]
    for request in wrong {
      let heard = await Heard(try scheduler.submit(request))
      #expect(heard.error != nil && heard.answer == nil && heard.pieces.isEmpty)
    }
    try expectSame(
      await Heard(try scheduler.submit(try question.request(model))), try question.alone(model), "after errors")
  }

  @Test(arguments: ["shapes-llava", "tiny-qwen2_5-vl-a"])
  func `can do other things before every block of a tower`(_ name: String) throws {
    let model = try TestModel.load(name)
    let picture = try model.picture("tiny-wide.png")
    var pauses = 0
    let paused = try model.encode(picture, evidence: .none, beforeBlock: { pauses += 1 })
    #expect(paused.features == (try model.encode(picture, evidence: .none)).features)
    #expect(pauses == picture.views.count * (model.towerDescription.featureLayer + 1))
  }
}
