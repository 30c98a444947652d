import Synchronization

/// A request on its way through the scheduler, with the stream that its client reads.
final class QueuedRequest: Sendable {
  let request: ServiceRequest
  /// Of each picture.
  let identities: [PictureIdentity]
  private let events: AsyncStream<AnswerEvent>.Continuation
  private let cancelled = Atomic<Bool>(false)

  init(_ request: ServiceRequest, identities: [PictureIdentity], events: AsyncStream<AnswerEvent>.Continuation) {
    self.request = request
    self.identities = identities
    self.events = events
  }

  var isCancelled: Bool { cancelled.load(ordering: .acquiring) }

  func cancel() { cancelled.store(true, ordering: .releasing) }

  func tell(_ event: AnswerEvent) { events.yield(event) }

  /// Ends the stream.
  func end(_ event: AnswerEvent? = nil) {
    if let event { events.yield(event) }
    events.finish()
  }
}
