#if Server
  import Basics
  import Foundation

  /// A connection to a server of this machine, byte by byte. Calls wait on threads of their own: the server of the same
  /// process needs those of the tests.
  final class Connection: Sendable {
    struct Failure: Error {
      let reason: String
    }

    private let descriptor: Int32

    init(port: Int) throws {
      descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
      var address = sockaddr_in()
      address.sin_family = sa_family_t(AF_INET)
      address.sin_port = in_port_t(port).bigEndian
      address.sin_addr.s_addr = inet_addr("127.0.0.1")
      let status = withUnsafePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
        }
      }
      guard status == 0 else { throw Failure(reason: String(cString: strerror(errno))) }
    }

    deinit { close(descriptor) }

    /// Bytes that a server that has closed does not take are dropped.
    func write(_ bytes: some Sequence<UInt8>) async {
      let bytes = Array(bytes)
      await Self.onThread { [descriptor] in
        var sent = 0
        while sent < bytes.count {
          let count = bytes.withUnsafeBytes {
            send(descriptor, $0.baseAddress.map { $0 + sent }, bytes.count - sent, Int32(MSG_NOSIGNAL))
          }
          guard count > 0 else { return }
          sent += count
        }
      }
    }

    /// What comes until `isEnough`, or until the server closes.
    func read(until isEnough: @escaping @Sendable ([UInt8]) -> Bool = { _ in false }) async -> [UInt8] {
      await Self.onThread { [descriptor] in
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 65536)
        while !isEnough(bytes) {
          let count = recv(descriptor, &piece, piece.count, 0)
          guard count > 0 else { break }
          bytes += piece[..<count]
        }
        return bytes
      }
    }

    func read(until text: String) async -> String {
      String(decoding: await read { $0.firstRange(of: Array(text.utf8)) != nil }, as: UTF8.self)
    }

    private static func onThread<Result: Sendable>(_ body: @escaping @Sendable () -> Result) async -> Result {
      await withCheckedContinuation { continuation in
        Thread.detachNewThread { continuation.resume(returning: body()) }
      }
    }
  }

  /// A response that has come whole.
  struct Reply {
    let status: Int
    let fields: [String: String]
    let body: [UInt8]

    /// - Parameter bytes: one response, its body as long as it says, in chunks, or up to the end.
    init(_ bytes: [UInt8]) throws {
      guard let end = bytes.firstRange(of: Array("\r\n\r\n".utf8)) else {
        throw Connection.Failure(reason: "no head in \(String(decoding: bytes, as: UTF8.self))")
      }
      let lines = String(decoding: bytes[..<end.lowerBound], as: UTF8.self).components(separatedBy: "\r\n")
      status = Int(lines[0].split(separator: " ")[1]) ?? 0
      fields = Dictionary(
        lines.dropFirst().map { line in
          let parts = line.split(separator: ":", maxSplits: 1)
          return (parts[0].lowercased(), parts.count > 1 ? parts[1].trimmingCharacters(in: .whitespaces) : "")
        }, uniquingKeysWith: { "\($0), \($1)" })
      let rest = Array(bytes[end.upperBound...])
      body = fields["transfer-encoding"] == "chunked" ? Self.joined(rest) : rest
    }

    var text: String { String(decoding: body, as: UTF8.self) }

    func json() throws -> JSONValue { try JSONValue(parsing: body) }

    /// The error's `param` or `code`.
    func error(_ key: String) throws -> String? { try json()["error"]?[key]?.string }

    /// The objects of a stream, and whether it ended as it should.
    func events() throws -> (objects: [JSONValue], isDone: Bool) {
      let lines = text.split(separator: "\n").filter { $0.hasPrefix("data: ") }.map { $0.dropFirst(6) }
      return (
        try lines.filter { $0 != "[DONE]" }.map { try JSONValue(parsing: Array($0.utf8)) }, lines.last == "[DONE]"
      )
    }

    private static func joined(_ bytes: [UInt8]) -> [UInt8] {
      var (body, rest): ([UInt8], ArraySlice<UInt8>) = ([], bytes[...])
      while let line = rest.firstRange(of: [13, 10]),
        let count = Int(String(decoding: rest[..<line.lowerBound], as: UTF8.self), radix: 16), count > 0
      {
        body += rest[line.upperBound..<line.upperBound + count]
        rest = rest[(line.upperBound + count + 2)...]
      }
      return body
    }
  }
#endif
