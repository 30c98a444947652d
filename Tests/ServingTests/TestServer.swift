#if Server
  import Basics
  import Foundation
  import Kernels
  import Language
  import Logging
  import Pruning
  import Synchronization
  import TestSupport
  import VLM

  @testable import Serving

  /// A server on a free port of this machine, with the tiny model.
  final class TestServer: Sendable {
    static let model = Result {
      try FamilyCatalogue.load(
        folder: Fixtures.model("tiny-classic").path, name: "tiny-classic", workers: Workers(count: 1),
        compute: ComputeOptions(precision: .f32))
    }

    let port: Int
    let log = LogLines()
    private let server: ChatServer
    private let running: Task<Void, any Error>

    /// - Parameter service: nil: the model answers, one request after another.
    init(
      _ options: ServingOptions = ServingOptions(port: 0), service: (any AnswerService)? = nil,
      load: @escaping @Sendable () throws -> Void = {}
    ) async throws {
      var options = options
      options.port = 0
      let (lines, listening) = AsyncStream<String>.makeStream()
      var logger = Logger(label: "test") { [log] _ in log }
      logger.logLevel = .trace
      let server = ChatServer(options, logger: logger) {
        try load()
        return try Self.served(service)
      }
      self.server = server
      running = Task {
        defer { listening.finish() }
        try await server.run { listening.yield($0) }
      }
      var urls = lines.makeAsyncIterator()
      guard let url = await urls.next(), let port = url.split(separator: ":").last.flatMap({ Int($0) }) else {
        throw Connection.Failure(reason: "the server does not listen")
      }
      self.port = port
    }

    /// The same, with the model loaded.
    static func ready(
      _ options: ServingOptions = ServingOptions(port: 0), service: (any AnswerService)? = nil
    ) async throws -> TestServer {
      let server = try await TestServer(options, service: service)
      while try await server.get("/health").status != 200 {}
      return server
    }

    static func served(_ service: (any AnswerService)? = nil) throws -> ServedModel {
      let model = try model.get()
      return ServedModel(
        id: "tiny-classic", model: model, service: service ?? SerialService(model: model, queueLimit: 8),
        strategy: nil, keep: nil, setting: try PruningSetting("none", keep: "all"), reading: PictureOptions(),
        generation: GenerationOptions(maxNewTokens: 16), system: nil)
    }

    /// Asks for the end, and waits for it.
    func stop() async throws {
      server.stop()
      try await running.value
    }

    func beginStop() { server.stop() }
    func end() async throws { try await running.value }

    // MARK: - Requests

    /// A request's bytes.
    static func bytes(
      _ method: String, _ path: String, _ fields: [String] = [], host: String = "localhost", body: [UInt8] = []
    ) -> [UInt8] {
      let length = method == "POST" ? ["Content-Length: \(body.count)"] : []
      let lines = ["\(method) \(path) HTTP/1.1", "Host: \(host)", "Connection: close"] + length + fields
      return Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8) + body
    }

    func raw(_ bytes: some Sequence<UInt8>) async throws -> [UInt8] {
      let connection = try Connection(port: port)
      await connection.write(bytes)
      return await connection.read()
    }

    func get(_ path: String, _ fields: [String] = [], host: String = "localhost") async throws -> Reply {
      try Reply(try await raw(Self.bytes("GET", path, fields, host: host)))
    }

    func post(_ body: String, _ fields: [String] = []) async throws -> Reply {
      try Reply(try await raw(Self.bytes("POST", "/v1/chat/completions", fields, body: Array(body.utf8))))
    }

    func chat(_ more: String = "", question: String = "What is this?", url: String? = nil) async throws -> Reply {
      try await post(try Self.body(more, question: question, url: url))
    }

    /// A question about the square picture.
    static func body(_ more: String = "", question: String = "What is this?", url: String? = nil) throws -> String {
      let url = try url ?? square()
      return """
        {"messages": [{"role": "user", "content": [{"type": "text", "text": "\(question)"}, \
        {"type": "image_url", "image_url": {"url": "\(url)"}}]}]\(more.isEmpty ? "" : ", \(more)")}
        """
    }

    static func square() throws -> String {
      "data:image/png;base64," + (try Data(contentsOf: Fixtures.image("tiny-square.png")).base64EncodedString())
    }

    /// What the engine itself answers.
    static func ask(
      _ strategy: String = "none", keep: String = "all", question: String = "What is this?", tokens: Int = 16
    ) throws -> Answer {
      let model = try model.get()
      var conversation = Conversation(model: model, setting: try PruningSetting(strategy, keep: keep))
      let picture = try model.picture(
        [UInt8](try Data(contentsOf: Fixtures.image("tiny-square.png"))), file: "picture")
      return try conversation.ask(
        question, newPictures: [picture], options: GenerationOptions(maxNewTokens: tokens))
    }
  }

  /// A log that is kept.
  final class LogLines: LogHandler {
    private let lines = Mutex<[String]>([])
    var text: String { lines.withLock { $0.joined(separator: "\n") } }

    var metadata: Logger.Metadata {
      get { [:] }
      set {}
    }
    var logLevel: Logger.Level {
      get { .trace }
      set {}
    }
    subscript(metadataKey _: String) -> Logger.Metadata.Value? {
      get { nil }
      set {}
    }

    func log(event: LogEvent) {
      lines.withLock { $0.append("\(event.level) \(event.message) \(event.metadata ?? [:])") }
    }
  }

  /// A service that answers when the test says so.
  final class HeldService: AnswerService {
    private struct State {
      var events: [AsyncStream<AnswerEvent>.Continuation] = []
      var isDraining = false
    }

    private let state = Mutex(State())
    private let limit: Int
    private let (cancelled, cancellations) = AsyncStream<Void>.makeStream()
    private let (submitted, submissions) = AsyncStream<Void>.makeStream()

    init(limit: Int = 1) { self.limit = limit }

    var waiting: Int { state.withLock { max($0.events.count - 1, 0) } }

    func submit(_ request: ServiceRequest) throws(ServiceRefusal) -> AnswerTicket {
      let (stream, events) = AsyncStream<AnswerEvent>.makeStream()
      let refusal = state.withLock { state -> ServiceRefusal? in
        if state.isDraining { return .draining }
        guard state.events.count < limit else { return .queueFull }
        state.events.append(events)
        return nil
      }
      if let refusal { throw refusal }
      submissions.yield()
      return AnswerTicket(events: stream) { [cancellations] in
        events.finish()
        cancellations.yield()
      }
    }

    func drain() async { state.withLock { $0.isDraining = true } }

    /// Returns when a request has been taken.
    func submission() async { for await _ in submitted { return } }
    /// Returns when an answer has been cancelled.
    func cancellation() async { for await _ in cancelled { return } }

    func send(_ event: AnswerEvent) {
      for events in state.withLock({ $0.events }) { events.yield(event) }
      switch event {
      case .finished, .failed: for events in state.withLock({ $0.events }) { events.finish() }
      case .started, .text: break
      }
    }
  }
#endif
