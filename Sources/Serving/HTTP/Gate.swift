#if Server
  import HTTPTypes
  import VLM

  /// What a path stands for.
  enum Route: Equatable {
    case page, health, ready, metrics, description, models, model(String), chat, preflight

    /// The name that logs give it: never what a client sent.
    var name: String {
      switch self {
      case .page: "page"
      case .health: "health"
      case .ready: "ready"
      case .metrics: "metrics"
      case .description: "openapi"
      case .models, .model: "models"
      case .chat: "chat"
      case .preflight: "preflight"
      }
    }
  }

  /// A request that is not answered, and what its head says beside the error.
  struct Refusal: Error {
    let error: RequestError
    var fields = HTTPFields()
  }

  /// Everything that a request's head alone decides.
  struct Gate: Sendable {
    let rules: AccessRules
    private let bodyBytes: Int
    private let showsMetrics: Bool

    init(_ options: ServingOptions) {
      rules = AccessRules(options)
      bodyBytes = options.limits.bodyBytes
      showsMetrics = options.showsMetrics
    }

    /// Where a request goes.
    func route(_ request: HTTPRequest) throws(Refusal) -> Route {
      let fields = request.headerFields
      let path = String((request.path ?? "/").prefix { $0 != "?" && $0 != "#" })
      let origin = fields[.origin]
      let head = AccessRules.Head(
        host: request.authority, origin: origin, authorization: fields[.authorization], path: path)
      try refusing { () throws(RequestError) in
        // A second Host, which some proxies would follow.
        guard let second = HTTPField.Name("Host"), !fields.contains(second) else {
          throw RequestError("the request names two Hosts", hint: "send one Host header")
        }
        try rules.check(head)
      }
      if request.method == .options, rules.allows(origin: origin) { return .preflight }
      do { try rules.checkKey(head) } catch {
        throw Refusal(error: error, fields: [.wwwAuthenticate: "Bearer"])
      }
      let (route, methods) = try destination(path)
      guard methods.contains(request.method) else {
        throw Refusal(
          error: RequestError(
            "this path does not take that method", hint: "send \(methods[0].rawValue)", code: "method_not_allowed",
            status: 405),
          fields: [.allow: methods.map(\.rawValue).joined(separator: ", ")])
      }
      if let length = fields[.contentLength].flatMap(Int.init), length > bodyBytes {
        throw Refusal(error: .tooLarge(limit: bodyBytes))
      }
      return route
    }

    private func destination(_ path: String) throws(Refusal) -> (Route, [HTTPRequest.Method]) {
      let reading: [HTTPRequest.Method] = [.get, .head]
      switch path {
      case "/": return (.page, reading)
      case "/health": return (.health, reading)
      case "/ready": return (.ready, reading)
      case "/metrics" where showsMetrics: return (.metrics, reading)
      case "/openapi.json": return (.description, reading)
      case "/v1/models": return (.models, reading)
      case "/v1/chat/completions": return (.chat, [.post])
      default:
        let prefix = "/v1/models/"
        if path.hasPrefix(prefix), let id = path.dropFirst(prefix.count).removingPercentEncoding, !id.isEmpty {
          return (.model(id), reading)
        }
        throw Refusal(
          error: RequestError(
            "there is nothing at this path", hint: "chat completions are at /v1/chat/completions", code: "not_found",
            status: 404))
      }
    }

    private func refusing(_ body: () throws(RequestError) -> Void) throws(Refusal) {
      do { try body() } catch { throw Refusal(error: error) }
    }
  }

  extension RequestError {
    static func tooLarge(limit: Int) -> RequestError {
      RequestError(
        "the body is larger than \(limit >> 20) MiB", hint: "shrink the pictures, or send fewer",
        code: "request_too_large", status: 413)
    }
  }
#endif
