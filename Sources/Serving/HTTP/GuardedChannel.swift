#if Server
  import HTTPTypes
  import Hummingbird
  import HummingbirdCore
  import Logging
  import NIOCore
  import NIOHTTPTypesHTTP1

  /// Hummingbird's HTTP/1.1 with a guard of time and size around each connection.
  struct GuardedChannel: ServerChildChannel {
    typealias Value = HTTP1Channel.Value

    private let inner: HTTP1Channel
    private let limits: ServingLimits

    /// - Parameter gate: decides from the head whether a client that asks first may send its body.
    init(_ responder: @escaping HTTPChannelHandler.Responder, gate: Gate, limits: ServingLimits) {
      self.limits = limits
      let decoder = HTTP1Channel.Configuration.DecoderConfiguration(
        maxHeaderFieldSize: limits.headBytes, maxHeaderListSize: limits.headBytes,
        maxHeaderFieldCount: limits.headFields)
      inner = HTTP1Channel(
        responder: { request, writer, channel in
          if request.headers[.expect]?.lowercased() == "100-continue", (try? gate.route(request.head)) != nil {
            try await writer.writeInformationalHead(HTTPResponse(status: .continue))
          }
          try await responder(request, writer, channel)
        }, configuration: HTTP1Channel.Configuration(httpDecoderConfiguration: decoder))
    }

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
      inner.setup(channel: channel, logger: logger).flatMapThrowing { [limits] value in
        let guardian = ConnectionGuard(limits)
        let pipeline = channel.pipeline.syncOperations
        try pipeline.addHandler(guardian, position: .first)
        let codec = try pipeline.handler(type: HTTP1ToHTTPServerCodec.self)
        try pipeline.addHandler(ConnectionParts(guardian), position: .before(codec))
        return value
      }
    }

    func handle(value: Value, logger: Logger) async { await inner.handle(value: value, logger: logger) }

    /// Who tells that the client of a connection has left; nil where it has.
    static func watch(of channel: any Channel) async -> ConnectionWatch? {
      try? await channel.eventLoop.submit {
        try channel.pipeline.syncOperations.handler(type: ConnectionGuard.self).watch
      }.get()
    }
  }
#endif
