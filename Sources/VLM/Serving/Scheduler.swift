import Foundation

/// Answers requests of many clients with one model. One thread owns the workers and the caches, and takes turns: one
/// token of every running answer, as one batch, and then a part of the oldest prompt that has not run yet. Answers are
/// those of a `Conversation` that is asked the same, whatever else runs.
///
/// Running answers stand still for no longer than one of these takes: a block of the tower, the choice of one picture's
/// tokens and their projection, 64 positions of a prompt; and a whole prompt where a method drops tokens inside the
/// decoder.
public final class Scheduler: AnswerService {
  private let line: RequestLine
  private let files: FeatureFiles?

  public init(model: VisionLanguageModel, options: ServiceOptions = ServiceOptions()) {
    let line = RequestLine(parallel: options.parallel, queue: options.queue)
    let files = options.featureFolder.map { FeatureFiles($0, model: model) }
    (self.line, self.files) = (line, files)
    let thread = Thread { AnswerEngine(model: model, options: options, line: line, files: files).run() }
    thread.name = "answers"
    // Products keep their scratch memory on the stack.
    thread.stackSize = 8 << 20
    thread.start()
  }

  /// What is there is still answered.
  deinit { line.close() }

  public var waiting: Int { line.waiting }

  public func submit(_ request: ServiceRequest) throws(ServiceRefusal) -> AnswerTicket {
    // Digests take a while: not for a request that is refused anyway.
    if let refusal = line.refusal { throw refusal }
    let (events, continuation) = AsyncStream.makeStream(of: AnswerEvent.self)
    let queued = QueuedRequest(request, identities: request.pictures.map(PictureIdentity.init), events: continuation)
    let line = line
    continuation.onTermination = { reason in
      if case .cancelled = reason { line.cancel(queued) }
    }
    try line.join(queued)
    return AnswerTicket(events: events) { line.cancel(queued) }
  }

  /// Returns when features are in their files, too.
  public func drain() async {
    await line.drain()
    await files?.finish()
  }
}
