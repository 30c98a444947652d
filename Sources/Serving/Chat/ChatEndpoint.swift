#if Server
  import Foundation
  import HTTPTypes
  import Hummingbird
  import Logging
  import NIOCore
  import VLM

  /// Chat completions: reads a body, has it answered, and writes the answer whole or in pieces.
  struct ChatEndpoint: Sendable {
    let state: ServerState
    let metrics: ServingMetrics
    let preparation: ChatPreparation
    let memory: BodyMemory
    let limits: ServingLimits
    let logger: Logger

    func answer(_ request: Request, _ context: ServingContext) async -> Response {
      let log = ChatLog(metrics: metrics, logger: logger)
      do {
        guard !state.isStopping else { throw RequestError.draining }
        guard let served = state.served else { throw RequestError.loading }
        guard let watch = await GuardedChannel.watch(of: context.channel) else { throw RequestError.clientLeft }
        let prepared = try await prepared(request.body, for: served)
        let ticket = try submit(prepared.request, to: served)
        let answer = ChatAnswer(served: served, prepared: prepared, ticket: ticket, watch: watch, log: log)
        guard prepared.chat.stream else { return try await answer.whole() }
        let pingTime = limits.pingTime
        return Replies.events { writer in try await answer.write(to: &writer, pingTime: pingTime) }
      } catch let error as RequestError {
        log.end(status: error.status)
        return Replies.error(error)
      } catch {
        log.end(status: RequestError.clientLeft.status)
        return Replies.error(.clientLeft)
      }
    }

    private func submit(_ request: ServiceRequest, to served: ServedModel) throws(RequestError) -> AnswerTicket {
      do { return try served.service.submit(request) } catch {
        switch error {
        case .queueFull: throw .queueFull
        case .draining: throw .draining
        }
      }
    }

    /// No more of a body than the limit is kept, whether its length was told or not.
    private func prepared(_ body: RequestBody, for served: ServedModel) async throws -> ChatPreparation.Prepared {
      var bytes: [UInt8] = []
      memory.begin()
      defer { memory.end(bytes: bytes.count) }
      for try await buffer in body {
        guard bytes.count + buffer.readableBytes <= limits.bodyBytes else {
          throw RequestError.tooLarge(limit: limits.bodyBytes)
        }
        bytes.append(contentsOf: buffer.readableBytesView)
      }
      return try await preparation.prepare(bytes, for: served)
    }
  }
#endif
