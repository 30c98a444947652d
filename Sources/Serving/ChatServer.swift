#if Server
  import Foundation
  import Hummingbird
  import HummingbirdCore
  import Logging
  import NIOCore
  import ServiceLifecycle
  import Synchronization
  import VLM

  /// An HTTP server that answers questions about pictures.
  public final class ChatServer: Sendable {
    private let options: ServingOptions
    private let logger: Logger
    private let state = ServerState()
    private let load: @Sendable () throws -> ServedModel
    private let group = Mutex(ServiceGroup?.none)

    /// - Parameters:
    ///   - logger: takes a line a request, without anything that a client sent.
    ///   - load: makes the model, on a thread of its own, while the server answers already that it loads.
    public init(_ options: ServingOptions, logger: Logger, load: @escaping @Sendable () throws -> ServedModel) {
      self.options = options
      self.logger = logger
      self.load = load
    }

    /// Serves until `stop` is called and all that was taken is answered.
    /// - Parameter listening: called once the socket is bound, with its URL.
    /// - Throws: `ServingError`, or what `load` threw.
    public func run(listening: @escaping @Sendable (String) -> Void) async throws {
      let group = ServiceGroup(
        configuration: ServiceGroupConfiguration(services: [application(listening)], logger: Self.quiet(logger)))
      self.group.withLock { $0 = group }
      if !state.isStopping {
        do { try await group.run() } catch {
          if let failure = state.failure { throw failure }
          throw ServingError.cannotListen(
            host: options.host, port: options.port,
            reason: (error as? IOError).map { String(cString: strerror($0.errnoCode)) } ?? "the address is not usable")
        }
      }
      if let failure = state.failure { throw failure }
    }

    /// Takes nothing new; `run` returns when what is there is answered.
    public func stop() {
      state.stop()
      if let served = state.served { Task { await served.service.drain() } }
      if let group = group.withLock({ $0 }) { Task { await group.triggerGracefulShutdown() } }
    }

    private func application(_ listening: @escaping @Sendable (String) -> Void) -> some ApplicationProtocol {
      let (gate, metrics, limits) = (Gate(options), ServingMetrics(), options.limits)
      let responder = ServingResponder(
        gate: gate, state: state, metrics: metrics,
        chat: ChatEndpoint(
          state: state, metrics: metrics, preparation: ChatPreparation(options),
          memory: BodyMemory(options.returnMemory), limits: limits, logger: logger),
        logger: logger)
      return Application(
        responder: responder,
        server: HTTPServerBuilder { GuardedChannel($0, gate: gate, limits: limits) },
        configuration: ApplicationConfiguration(
          address: .hostname(options.host, port: options.port),
          availableConnectionsDelegate: MaximumAvailableConnections(limits.connections, logger: Self.quiet(logger))),
        onServerRunning: { [self] channel in
          listening("http://\(options.hostInURL):\(channel.localAddress?.port ?? options.port)")
          loadModel()
        }, logger: Self.quiet(logger))
    }

    private func loadModel() {
      let thread = Thread { [self] in
        do {
          state.take(try load())
          logger.info("ready")
          // A stop that came while it loaded found no service to drain.
          if state.isStopping { stop() }
        } catch {
          state.fail(error)
          stop()
        }
      }
      thread.name = "load"
      // Weights are read by recursive readers.
      thread.stackSize = 8 << 20
      thread.start()
    }

    /// The library's own lines are for its developers.
    private static func quiet(_ logger: Logger) -> Logger {
      var logger = logger
      logger.logLevel = .critical
      return logger
    }
  }
#endif
