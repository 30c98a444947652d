import Language
import Pruning
import TestSupport

@testable import VLM

/// All that a client hears of one request.
struct Heard: Sendable {
  var hasStarted = false
  var pieces: [String] = []
  var answer: ServedAnswer?
  var error: VLMError?

  /// Waits until a request has left the queue.
  static func start(of ticket: AnswerTicket) async {
    var events = ticket.events.makeAsyncIterator()
    _ = await events.next()
  }

  var text: String { pieces.joined() }

  init() {}

  /// Reads to the end.
  init(_ ticket: AnswerTicket) async {
    for await event in ticket.events {
      switch event {
      case .started: hasStarted = true
      case .text(let piece): pieces.append(piece)
      case .finished(let answer): self.answer = answer
      case .failed(let error): self.error = error
      }
    }
  }
}

/// A question about one picture, as a server and a conversation are asked it.
struct ServiceQuestion: Sendable {
  var question = "What colour is the ring?"
  var picture = "scene.png"
  var strategy = "none"
  var keep = "all"
  var seed: UInt64 = 0
  var temperature = 0.0
  var newTokens = 12

  private func setting() throws -> PruningSetting { try TestModel.setting(strategy, keep: keep, seed: seed) }

  private func options() throws -> GenerationOptions {
    GenerationOptions(
      maxNewTokens: newTokens, sampling: try SamplingOptions(temperature: temperature, topP: 0.95))
  }

  func request(_ model: VisionLanguageModel) throws -> ServiceRequest {
    ServiceRequest(
      system: nil, turns: [Turn(question: question, pictures: 1)], pictures: [try model.picture(picture)],
      setting: try setting(),
      options: try options())
  }

  /// The answer in a conversation of its own.
  func alone(_ model: VisionLanguageModel) throws -> Answer {
    var conversation = Conversation(model: model, setting: try setting())
    return try conversation.ask(question, newPictures: [try model.picture(picture)], options: try options())
  }

  /// Different strategies, budgets, temperatures, seeds, pictures and lengths.
  static let mixed: [ServiceQuestion] = [
    ServiceQuestion(),
    ServiceQuestion(question: "Where is the star?", strategy: "hiprune", keep: "64"),
    ServiceQuestion(strategy: "fastv", keep: "50%"),
    ServiceQuestion(question: "What is in the picture?", strategy: "random", keep: "16", seed: 3, temperature: 0.9),
    ServiceQuestion(question: "Is there a circle?", picture: "scene2.png", strategy: "fastervlm", keep: "9"),
    ServiceQuestion(picture: "tiny-wide.png", strategy: "pyramiddrop", keep: "60%", newTokens: 3),
    ServiceQuestion(question: "How many things are there?", strategy: "mmtok", keep: "32", temperature: 1.4),
    ServiceQuestion(question: "What colour is the star?", strategy: "hiprune", keep: "64", newTokens: 1),
  ]
}
