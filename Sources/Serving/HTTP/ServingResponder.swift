#if Server
  import HTTPTypes
  import Hummingbird
  import Logging
  import NIOCore
  import VLM

  /// Answers requests: by their path, after the gate let them in.
  struct ServingResponder: HTTPResponder {
    let gate: Gate
    let state: ServerState
    let metrics: ServingMetrics
    let chat: ChatEndpoint
    let logger: Logger

    func respond(to request: Request, context: ServingContext) async throws -> Response {
      let start = ContinuousClock.now
      var response: Response
      var name = "refused"
      do {
        let route = try gate.route(request.head)
        name = route.name
        response = await answer(route, request, context)
      } catch {
        response = Replies.error(error.error, fields: error.fields)
      }
      // Chat requests write their own line, when their answer has ended.
      if name != Route.chat.name {
        logger.info(
          "request",
          metadata: [
            "route": "\(name)", "status": "\(response.status.code)",
            "ms": "\(Int((ContinuousClock.now - start) / .milliseconds(1)))",
          ])
      }
      if let origin = request.headers[.origin], gate.rules.allows(origin: origin) {
        response.headers[.accessControlAllowOrigin] = origin
        response.headers[.vary] = "Origin"
      }
      return request.method == .head ? response.createHeadResponse() : response
    }

    private func answer(_ route: Route, _ request: Request, _ context: ServingContext) async -> Response {
      switch route {
      case .page: return Page.response
      case .health: return health(isReady: state.served != nil)
      case .ready: return health(isReady: state.served != nil && !state.isStopping)
      case .description: return Replies.text(OpenAPIDocument.text, type: "application/json")
      case .metrics:
        return Replies.text(
          metrics.text(queueLength: state.served?.service.waiting ?? 0),
          type: "text/plain; version=0.0.4; charset=utf-8")
      case .models: return models(nil)
      case .model(let id): return models(id)
      case .chat: return await chat.answer(request, context)
      case .preflight: return preflight(request)
      }
    }

    private func health(isReady: Bool) -> Response {
      let word = isReady ? "ok" : state.isStopping ? "stopping" : "loading"
      return Replies.json(
        ["status": word], status: isReady ? .ok : .serviceUnavailable, fields: isReady ? [:] : [.retryAfter: "1"])
    }

    /// - Parameter id: of one model; nil: the list of all.
    private func models(_ id: String?) -> Response {
      guard let served = state.served else { return Replies.error(.loading) }
      let entry = ModelEntry(id: served.id)
      guard let id else { return Replies.json(ModelList(data: [entry])) }
      do { try served.check(name: id) } catch { return Replies.error(error) }
      return Replies.json(entry)
    }

    private func preflight(_ request: Request) -> Response {
      var fields: HTTPFields = [.accessControlAllowMethods: "GET, POST", .accessControlMaxAge: "600"]
      if let asked = request.headers[.accessControlRequestHeaders] { fields[.accessControlAllowHeaders] = asked }
      return Response(status: .noContent, headers: fields)
    }
  }

  private struct ModelEntry: Encodable {
    let id: String
    let object = "model"
    let created = 0
    let ownedBy = "vlmprune"
  }

  private struct ModelList: Encodable {
    let object = "list"
    let data: [ModelEntry]
  }
#endif
