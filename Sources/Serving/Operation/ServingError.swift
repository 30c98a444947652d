/// Why a server does not run.
public enum ServingError: Error, Sendable, Hashable {
  case cannotListen(host: String, port: Int, reason: String)

  /// One line: what is wrong.
  public var message: String {
    switch self {
    case .cannotListen(let host, let port, let reason): "cannot listen on \(host):\(port): \(reason)"
    }
  }

  /// One line: what to do.
  public var hint: String { "choose another --port (0 takes a free one), or another --host" }
}
