#if Server
  import NIOCore
  import NIOHTTP1

  /// Tells a connection's guard how far its requests and responses are, and takes errors of the decoder to it. It
  /// stands right after the decoder, where a request's version can still be seen.
  final class ConnectionParts: ChannelDuplexHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    private let guardian: ConnectionGuard

    init(_ guardian: ConnectionGuard) { self.guardian = guardian }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      switch unwrapInboundIn(data) {
      case .head(var head):
        guardian.requestBegan(isLast: !head.isKeepAlive)
        // The guard ends the connection: what comes after would leave a body unread that a client still sends.
        head.headers.remove(name: "connection")
        context.fireChannelRead(wrapInboundOut(.head(head)))
      case .body: context.fireChannelRead(data)
      case .end:
        guardian.requestEnded()
        context.fireChannelRead(data)
      }
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
      switch unwrapOutboundIn(data) {
      case .head(var head) where head.status.code >= 200:
        guardian.responseBegan()
        if guardian.isEnding { head.headers.add(name: "connection", value: "close") }
        context.write(wrapOutboundOut(.head(head)), promise: promise)
      case .end:
        let written = promise ?? context.eventLoop.makePromise(of: Void.self)
        written.futureResult.assumeIsolated().whenComplete { [guardian] _ in guardian.responseEnded() }
        context.writeAndFlush(data, promise: written)
      default: context.write(data, promise: promise)
      }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { guardian.failed(error) }
  }
#endif
