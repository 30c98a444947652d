import Language
import Pruning

/// What a server asks of the engine.
public protocol AnswerService: Sendable {
  /// Queues a request; refused at once where the queue is full or the service drains.
  func submit(_ request: ServiceRequest) throws(ServiceRefusal) -> AnswerTicket
  /// Requests that wait.
  var waiting: Int { get }
  /// Takes nothing new, answers what is there to its end.
  func drain() async
}

/// Why a request was not taken.
public enum ServiceRefusal: Error, Sendable {
  case queueFull, draining
}

/// A question about pictures, with what was said before.
public struct ServiceRequest: Sendable {
  public var system: String?
  /// All turns of the dialogue; the last one has no answer yet.
  public var turns: [Turn]
  /// In the order of the turns.
  public var pictures: [Picture]
  public var setting: PruningSetting
  public var options: GenerationOptions

  /// - Parameters:
  ///   - turns: at least one.
  ///   - pictures: as many as the turns name.
  public init(
    system: String?, turns: [Turn], pictures: [Picture], setting: PruningSetting, options: GenerationOptions
  ) {
    precondition(!turns.isEmpty && turns.reduce(0) { $0 + $1.pictures.count } == pictures.count, "pictures of turns")
    self.system = system
    self.turns = turns
    self.pictures = pictures
    self.setting = setting
    self.options = options
  }
}

/// An answer that is on its way.
public struct AnswerTicket: Sendable {
  /// Ends with `finished` or `failed`, or without either where the answer was cancelled.
  public let events: AsyncStream<AnswerEvent>
  public let cancel: @Sendable () -> Void

  public init(events: AsyncStream<AnswerEvent>, cancel: @escaping @Sendable () -> Void) {
    self.events = events
    self.cancel = cancel
  }
}

/// What happens to a request, in order.
public enum AnswerEvent: Sendable {
  /// It left the queue.
  case started
  /// A piece of the answer that became certain.
  case text(String)
  case finished(ServedAnswer)
  case failed(VLMError)
}

/// An answer, with what it cost and what it saved.
public struct ServedAnswer: Sendable {
  public let record: AnswerRecord
  /// What was kept, by picture.
  public let plans: [ImagePlan]
  /// Positions of the prompt that were not run.
  public let cachedTokens: Int
  /// Pictures that the tower had to encode.
  public let encodedPictures: Int

  public init(record: AnswerRecord, plans: [ImagePlan], cachedTokens: Int, encodedPictures: Int) {
    self.record = record
    self.plans = plans
    self.cachedTokens = cachedTokens
    self.encodedPictures = encodedPictures
  }
}

extension VisionLanguageModel {
  /// Refuses what can be seen to be impossible before a request is queued: a prompt that the template cannot write, a
  /// text that fills the context, a budget that a picture has not.
  public func check(_ request: ServiceRequest) throws(VLMError) {
    for turn in request.turns {
      for text in [turn.question, turn.answer ?? ""] { try refusePlaceholders(in: text) }
    }
    _ = try promptTokens(try prompt(turns: request.turns, system: request.system), pictures: request.pictures)
    for picture in request.pictures { _ = try evidence(for: request.setting, of: picture) }
  }
}
