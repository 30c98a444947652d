import VLM

/// Who may ask: by the host and the origin that a request names, and by its key. Looked at before any body is read.
struct AccessRules: Sendable {
  /// What of a request's head counts.
  struct Head {
    let host: String?
    let origin: String?
    let authorization: String?
    let path: String
  }

  private static let ownHosts: Set = ["localhost", "127.0.0.1", "[::1]"]
  private static let open: Set = ["/", "/health"]

  private let isLoopback: Bool
  private let keys: APIKeys?
  private let allowedOrigins: Set<String>

  init(_ options: ServingOptions) {
    isLoopback = options.isLoopback
    keys = options.keys
    allowedOrigins = Set(options.allowedOrigins.map { $0.lowercased() })
  }

  func check(_ head: Head) throws(RequestError) {
    try checkHost(head)
    try checkOrigin(head)
  }

  /// Whether a page of another server may read the answer.
  func allows(origin: String?) -> Bool { origin.map { allowedOrigins.contains($0.lowercased()) } ?? false }

  func checkKey(_ head: Head) throws(RequestError) {
    guard let keys, !Self.open.contains(head.path), !keys.open(head.authorization) else { return }
    throw RequestError(
      "the request has no valid key", hint: "send \"Authorization: Bearer KEY\"", code: "invalid_api_key", status: 401)
  }

  /// A page of another name whose address was made this machine's must not get in (DNS rebinding).
  private func checkHost(_ head: Head) throws(RequestError) {
    guard let host = head.host, !host.isEmpty else {
      throw RequestError("the request names no Host", hint: "send a Host header")
    }
    guard isLoopback, !Self.ownHosts.contains(Self.name(of: host.lowercased())) else { return }
    throw RequestError(
      "this server does not answer for the Host that the request names",
      hint: "address it as localhost, or have the proxy send that Host", code: "forbidden_host", status: 403)
  }

  private func checkOrigin(_ head: Head) throws(RequestError) {
    guard let origin = head.origin?.lowercased(), !allowedOrigins.contains(origin) else { return }
    let host = head.host?.lowercased() ?? ""
    guard origin != "http://\(host)", origin != "https://\(host)" else { return }
    throw RequestError(
      "pages of other origins may not use this server", hint: "start it with --allow-origin and the page's origin",
      code: "forbidden_origin", status: 403)
  }

  /// Without the port.
  private static func name(of host: String) -> String {
    guard let colon = host.lastIndex(of: ":"), !host.hasSuffix("]") else { return host }
    let port = host[host.index(after: colon)...]
    return port.allSatisfy { ("0"..."9").contains($0) } ? String(host[..<colon]) : host
  }
}
