/// How a server listens, and what it takes.
public struct ServingOptions: Sendable {
  public var host: String
  /// 0 takes a free one.
  public var port: Int
  /// Nil: nobody needs one.
  public var keys: APIKeys?
  /// Pages of other servers that may use this one, as browsers write their origin.
  public var allowedOrigins: [String]
  /// Pictures that may be named by `file://`; nil: none.
  public var media: MediaFolder?
  public var showsMetrics: Bool
  public var limits: ServingLimits
  /// Gives memory that was freed back to the operating system; called after large bodies.
  public var returnMemory: @Sendable () -> Void

  public init(
    host: String = "127.0.0.1", port: Int = 8080, keys: APIKeys? = nil, allowedOrigins: [String] = [],
    media: MediaFolder? = nil, showsMetrics: Bool = false, limits: ServingLimits = ServingLimits(),
    returnMemory: @escaping @Sendable () -> Void = {}
  ) {
    self.host = host
    self.port = port
    self.keys = keys
    self.allowedOrigins = allowedOrigins
    self.media = media
    self.showsMetrics = showsMetrics
    self.limits = limits
    self.returnMemory = returnMemory
  }

  /// Whether only programs of this machine reach the server.
  public var isLoopback: Bool { Self.isLoopback(host) }

  /// Whether an address, or a name that stands for one on every machine, is this machine's own.
  public static func isLoopback(_ host: String) -> Bool {
    if ["localhost", "::1", "[::1]"].contains(host.lowercased()) { return true }
    let parts = host.split(separator: ".", omittingEmptySubsequences: false)
    return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
  }

  /// The host as a URL has it.
  var hostInURL: String { host.contains(":") && !host.hasPrefix("[") ? "[\(host)]" : host }
}

/// What a server takes at most, and how long it waits.
public struct ServingLimits: Sendable {
  public var bodyBytes = 20 << 20
  /// Pictures of a request.
  public var images = 16
  /// Pixels of all pictures of a request.
  public var pixels = 100_000_000
  /// Pixels of the pictures of all requests that wait or are answered, as a multiple of `pixels`.
  public var requestsOfPixels = 4
  public var connections = 512
  /// Until a request's head is there, and then its body.
  public var headTime = Duration.seconds(30)
  public var bodyTime = Duration.seconds(30)
  /// Between two requests of a connection, and for a reader that takes nothing.
  public var idleTime = Duration.seconds(60)
  /// Between two comments of a stream.
  public var pingTime = Duration.seconds(15)
  public var headBytes = 64 << 10
  public var headFields = 128
  /// Arrays and objects inside each other.
  public var depth = 256

  public init() {}
}
