import Foundation
import Language
import Synchronization

/// Answers one request after another, on a thread of its own.
public final class SerialService: AnswerService {
  private final class Job: Sendable {
    let request: ServiceRequest
    let events: AsyncStream<AnswerEvent>.Continuation
    let isCancelled = Atomic(false)

    init(_ request: ServiceRequest, _ events: AsyncStream<AnswerEvent>.Continuation) {
      self.request = request
      self.events = events
    }
  }

  private struct State {
    var queue: [Job] = []
    var isBusy = false
    var isDraining = false
    /// Who waits for the end of all answers.
    var drainers: [CheckedContinuation<Void, Never>] = []
  }

  /// Positions of a prompt that are run before cancellation is looked at again.
  private static let chunk = 256

  private let model: VisionLanguageModel
  private let queueLimit: Int
  private let state = Mutex(State())
  private let wake = DispatchSemaphore(value: 0)

  /// - Parameter queueLimit: most requests that wait beside the one that is answered.
  public init(model: VisionLanguageModel, queueLimit: Int) {
    precondition(queueLimit >= 0, "a queue has a length")
    self.model = model
    self.queueLimit = queueLimit
    let thread = Thread { [weak self, wake] in
      while true {
        wake.wait()
        guard let self else { return }
        self.answerNext()
      }
    }
    thread.name = "answers"
    thread.start()
  }

  deinit { wake.signal() }

  public var waiting: Int { state.withLock { $0.queue.count } }

  public func submit(_ request: ServiceRequest) throws(ServiceRefusal) -> AnswerTicket {
    let (stream, events) = AsyncStream<AnswerEvent>.makeStream()
    let job = Job(request, events)
    let refusal = state.withLock { state -> ServiceRefusal? in
      if state.isDraining { return .draining }
      guard state.queue.count + (state.isBusy ? 1 : 0) <= queueLimit else { return .queueFull }
      state.queue.append(job)
      return nil
    }
    if let refusal { throw refusal }
    let cancel: @Sendable () -> Void = { [weak self] in self?.cancel(job) }
    events.onTermination = { reason in if case .cancelled = reason { cancel() } }
    wake.signal()
    return AnswerTicket(events: stream, cancel: cancel)
  }

  public func drain() async {
    await withCheckedContinuation { continuation in
      let isDone = state.withLock { state in
        state.isDraining = true
        guard state.isBusy || !state.queue.isEmpty else { return true }
        state.drainers.append(continuation)
        return false
      }
      if isDone { continuation.resume() }
    }
  }

  private func cancel(_ job: Job) {
    job.isCancelled.store(true, ordering: .relaxed)
    state.withLock { state in state.queue.removeAll { $0 === job } }
    job.events.finish()
    resumeDrainers()
  }

  private func answerNext() {
    let next = state.withLock { state -> Job? in
      guard !state.queue.isEmpty else { return nil }
      state.isBusy = true
      return state.queue.removeFirst()
    }
    guard let next else { return }
    do {
      try answer(next)
    } catch {
      next.events.yield(.failed(error))
    }
    next.events.finish()
    state.withLock { $0.isBusy = false }
    resumeDrainers()
  }

  private func answer(_ job: Job) throws(VLMError) {
    job.events.yield(.started)
    let request = job.request
    var conversation = Conversation(model: model, setting: request.setting, system: request.system)
    let asked = request.turns[request.turns.count - 1]
    let new = asked.pictures.count
    try conversation.resume(Array(request.turns.dropLast()), pictures: Array(request.pictures.dropLast(new)))
    var generation = try conversation.begin(
      asked.question, newPictures: Array(request.pictures.suffix(new)), options: request.options)
    while !job.isCancelled.load(ordering: .relaxed), let step = try conversation.next(&generation, chunk: Self.chunk) {
      if case .text(let piece) = step, !piece.isEmpty { job.events.yield(.text(piece)) }
    }
    guard generation.finishReason != nil else { return }
    let answer = generation.answer
    job.events.yield(
      .finished(
        ServedAnswer(
          record: answer.record, plans: answer.plans, cachedTokens: 0, encodedPictures: request.pictures.count)))
  }

  private func resumeDrainers() {
    let drainers = state.withLock { state -> [CheckedContinuation<Void, Never>] in
      guard state.isDraining, !state.isBusy, state.queue.isEmpty else { return [] }
      defer { state.drainers = [] }
      return state.drainers
    }
    for drainer in drainers { drainer.resume() }
  }
}
