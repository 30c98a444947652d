#if Server
  import HTTPTypes
  import NIOCore
  import NIOHTTPTypes

  /// Tells a connection's guard how far its request and response are, and takes errors of the decoder to it.
  final class ConnectionParts: ChannelDuplexHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    private let guardian: ConnectionGuard

    init(_ guardian: ConnectionGuard) { self.guardian = guardian }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      switch unwrapInboundIn(data) {
      case .head: guardian.requestBegan()
      case .body: break
      case .end: guardian.requestEnded()
      }
      context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
      let part = unwrapOutboundIn(data)
      if case .head(let head) = part, head.status.kind != .informational { guardian.responseBegan() }
      context.write(data, promise: promise)
      if case .end = part {
        context.flush()
        guardian.responseEnded()
      }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { guardian.failed(error) }
  }
#endif
