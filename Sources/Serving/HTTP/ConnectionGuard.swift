#if Server
  import NIOCore
  import NIOHTTP1
  import VLM

  /// Bounds the time and the bytes of each request's head and body, and says in OpenAI's form what is wrong with a
  /// request that no responder sees. It stands next to the socket; `ConnectionParts`, after the HTTP decoder, tells it
  /// how far the request and the response are.
  final class ConnectionGuard: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = IOData
    typealias OutboundOut = IOData

    private enum Phase {
      /// Between two requests, or before the first: nothing of the next head has come.
      case idle
      case head
      case body
      /// The request is there, its response is not yet complete.
      case answering
    }

    /// How long a client may still read and send after its last response.
    private static let lingering = TimeAmount.seconds(2)

    let watch = ConnectionWatch()
    private let limits: ServingLimits
    private var phase = Phase.idle
    private var isFirst = true
    private var headBytes = 0
    /// Requests whose response is not complete.
    private var pending = 0
    /// Whether the response to the request at hand has begun.
    private var isReplying = false
    /// Whether the connection ends after the responses that are pending.
    private(set) var isEnding = false
    /// Whether nothing more is read.
    private var isDeaf = false
    private var context: ChannelHandlerContext?
    private var timer: Scheduled<Void>?
    private var stalled: Scheduled<Void>?

    init(_ limits: ServingLimits) { self.limits = limits }

    // MARK: - The socket

    func handlerAdded(context: ChannelHandlerContext) {
      self.context = context
      start(limits.headTime)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
      timer?.cancel()
      stalled?.cancel()
      self.context = nil
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      guard !isDeaf else { return }
      let bytes = unwrapInboundIn(data).readableBytes
      if case .idle = phase {
        phase = .head
        headBytes = 0
        // The first head has had its time since the connection was made.
        if !isFirst { start(limits.headTime) }
      }
      context.fireChannelRead(data)
      guard case .head = phase else { return }
      headBytes += bytes
      if headBytes > limits.headBytes * 2 { refuse(.headTooLarge) }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
      if case .inputClosed? = event as? ChannelEvent {
        watch.close()
        if isDeaf { context.close(promise: nil) }
      }
      context.fireUserInboundEventTriggered(event)
    }

    func channelInactive(context: ChannelHandlerContext) {
      watch.close()
      context.fireChannelInactive()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
      stalled?.cancel()
      stalled = nil
      if !context.channel.isWritable {
        stalled = context.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(limits.idleTime)) { [weak self] in
          self?.context?.close(promise: nil)
        }
      }
      context.fireChannelWritabilityChanged()
    }

    // MARK: - What the decoder makes of it

    /// - Parameter isLast: whether the client wants the connection to end after this request.
    func requestBegan(isLast: Bool) {
      pending += 1
      (phase, isReplying) = (.body, false)
      isEnding = isEnding || isLast
      start(limits.bodyTime)
    }

    func requestEnded() {
      phase = .answering
      timer?.cancel()
      settle()
    }

    func responseBegan() { isReplying = true }

    func responseEnded() {
      pending -= 1
      settle()
    }

    func failed(_ error: any Error) {
      switch error {
      case HTTPParserError.headerOverflow: refuse(.headTooLarge)
      case HTTPParserError.invalidVersion:
        refuse(RequestError("this version of HTTP is not spoken here", hint: "send HTTP/1.1", status: 505))
      default: refuse(RequestError("the request is not HTTP", hint: "check what sent it"))
      }
    }

    /// Goes on once the request at hand and all responses are complete. A body that goes on after its response is read
    /// to its end, within its time: a client that still sends would not see the response otherwise.
    private func settle() {
      guard pending == 0, case .answering = phase else { return }
      (phase, isFirst) = (.idle, false)
      if isEnding { end() } else { start(limits.idleTime) }
    }

    // MARK: - Ends

    private func start(_ time: Duration) {
      timer?.cancel()
      timer = context?.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(time)) { [weak self] in self?.timeIsUp() }
    }

    private func timeIsUp() {
      switch phase {
      case .idle where !isFirst: end()
      case .idle, .head: refuse(.late("head"))
      case .body: refuse(.late("body"))
      case .answering: break
      }
    }

    /// Ends the connection, with a word about why where one can still be said.
    private func refuse(_ error: RequestError) {
      guard !isDeaf, let context else { return }
      switch phase {
      case .answering: isEnding = true
      case .body where isReplying || pending > 1: context.close(promise: nil)
      default:
        let text = ChatJSON.bytes(["error": ChatError(error)])
        let head =
          "HTTP/1.1 \(error.status) \(HTTPResponseStatus(statusCode: error.status).reasonPhrase)\r\n"
          + "content-type: application/json\r\ncontent-length: \(text.count)\r\nconnection: close\r\n\r\n"
        var buffer = context.channel.allocator.buffer(capacity: head.utf8.count + text.count)
        buffer.writeString(head)
        buffer.writeBytes(text)
        context.writeAndFlush(wrapOutboundOut(.byteBuffer(buffer)), promise: nil)
        end()
      }
    }

    /// Says that nothing more comes, and hears the client out for a while: closed at once, a connection with unread
    /// bytes loses what was last written.
    private func end() {
      guard let context, !isDeaf else { return }
      isDeaf = true
      watch.close()
      context.close(mode: .output, promise: nil)
      timer?.cancel()
      timer = context.eventLoop.assumeIsolated().scheduleTask(in: Self.lingering) { [weak self] in
        self?.context?.close(promise: nil)
      }
    }
  }

  extension RequestError {
    fileprivate static let headTooLarge = RequestError(
      "the request's head is too large", hint: "send fewer and shorter headers", code: "head_too_large", status: 431)

    fileprivate static func late(_ part: String) -> RequestError {
      RequestError("the request's \(part) did not come in time", hint: "send it at once", code: "timeout", status: 408)
    }
  }
#endif
