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
    let limits: ServingLimits
    let logger: Logger

    func answer(_ request: Request, _ context: ServingContext) async -> Response {
      let log = ChatLog(metrics: metrics, logger: logger)
      do {
        guard !state.isStopping else { throw RequestError.draining }
        guard let served = state.served else { throw RequestError.loading }
        guard let watch = await GuardedChannel.watch(of: context.channel) else { throw RequestError.clientLeft }
        let body = try await read(request.body)
        let prepared = try await preparation.prepare(body, for: served)
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

    /// No more than the limit is kept, whether the length was told or not.
    private func read(_ body: RequestBody) async throws -> [UInt8] {
      var bytes: [UInt8] = []
      for try await buffer in body {
        guard bytes.count + buffer.readableBytes <= limits.bodyBytes else {
          throw RequestError.tooLarge(limit: limits.bodyBytes)
        }
        bytes.append(contentsOf: buffer.readableBytesView)
      }
      return bytes
    }
  }

  /// The log's line of a chat request, and its count: neither holds anything of the question.
  struct ChatLog: Sendable {
    let metrics: ServingMetrics
    let logger: Logger
    private let start = ContinuousClock.now

    init(metrics: ServingMetrics, logger: Logger) {
      self.metrics = metrics
      self.logger = logger
    }

    func end(status: Int, answer: ServedAnswer? = nil, isStream: Bool = false) {
      metrics.count(status: status)
      var facts: Logger.Metadata = [
        "route": "chat", "status": "\(status)", "ms": "\(Int((ContinuousClock.now - start) / .milliseconds(1)))",
      ]
      if isStream { facts["stream"] = "true" }
      if let answer {
        metrics.count(answer)
        facts["strategy"] = "\(answer.record.strategy.name)"
        facts["prompt_tokens"] = "\(answer.record.promptLength)"
        facts["cached_tokens"] = "\(answer.cachedTokens)"
        facts["generated_tokens"] = "\(answer.record.generatedTokens)"
        facts["visual_tokens"] = "\(answer.record.visualTokens)"
        facts["kept_tokens"] = "\(answer.record.keptTokens)"
      }
      logger.info("request", metadata: facts)
    }
  }

  extension RequestError {
    /// For the log and the counts: nobody reads it. The number is nginx's.
    static let clientLeft = RequestError("the client left", hint: "", status: 499)
  }
#endif
