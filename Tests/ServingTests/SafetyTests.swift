#if Server
  import Foundation
  import TestSupport
  import Testing

  @testable import Serving

  @Suite struct `A server in front of others` {
    @Test
    func `wants a key before it reads a body, but not for health and the page`() async throws {
      let server = try await TestServer.ready(
        ServingOptions(port: 0, keys: APIKeys(file: "first\n\n  second \r\n"), showsMetrics: true))
      for path in ["/", "/health"] { #expect(try await server.get(path).status == 200) }
      for path in ["/ready", "/v1/models", "/metrics", "/openapi.json", "/nowhere"] {
        let reply = try await server.get(path)
        #expect(try reply.status == 401 && reply.error("code") == "invalid_api_key", "\(path)")
        #expect(reply.fields["www-authenticate"] == "Bearer")
      }
      for good in ["Bearer first", "bearer second", "BEARER   first"] {
        #expect(try await server.get("/v1/models", ["Authorization: \(good)"]).status == 200, "\(good)")
      }
      for bad in ["first", "Bearer", "Bearer firs", "Bearer first2", "Basic first", "Bearer first x"] {
        #expect(try await server.get("/v1/models", ["Authorization: \(bad)"]).status == 401, "\(bad)")
      }
      // The body never comes, and the answer does not wait for it.
      let connection = try Connection(port: server.port)
      await connection.write(
        Array("POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99\r\n\r\n".utf8))
      #expect(await connection.read(until: "}}").hasPrefix("HTTP/1.1 401"))
      try await server.stop()
      #expect(APIKeys(file: " \n\n") == nil)
    }

    @Test
    func `answers only for its own host and origin`() async throws {
      let server = try await TestServer.ready()
      for host in ["localhost", "LOCALHOST:\(server.port)", "127.0.0.1", "[::1]:80"] {
        #expect(try await server.get("/health", host: host).status == 200, "\(host)")
      }
      for host in ["evil.example", "localhost.evil.example", "127.0.0.1.nip.io:80", "[::2]", "localhost@evil:80"] {
        #expect(try await server.get("/health", host: host).status == 403, "\(host)")
      }
      #expect(try await server.get("/health", host: "").status == 400)
      #expect(try await server.get("/health", ["Host: evil.example"]).status == 400)
      let own = "localhost:\(server.port)"
      #expect(try await server.get("/health", ["Origin: http://\(own)"], host: own).status == 200)
      for origin in ["null", "http://evil.example", "http://localhost:1", "file://"] {
        let reply = try await server.post("{}", ["Origin: \(origin)", "Content-Type: text/plain"])
        #expect(reply.status == 403 && reply.fields.keys.allSatisfy { !$0.hasPrefix("access-control") }, "\(origin)")
      }
      try await server.stop()
    }

    @Test
    func `lets pages in that were named`() async throws {
      let origin = "https://page.example"
      let server = try await TestServer.ready(ServingOptions(port: 0, allowedOrigins: [origin]))
      let reply = try await server.get("/v1/models", ["Origin: \(origin)"])
      #expect(reply.status == 200 && reply.fields["access-control-allow-origin"] == origin)
      let bytes = TestServer.bytes(
        "OPTIONS", "/v1/chat/completions",
        ["Origin: \(origin)", "Access-Control-Request-Method: POST", "Access-Control-Request-Headers: authorization"])
      let preflight = try Reply(try await server.raw(bytes))
      #expect(preflight.status == 204 && preflight.fields["access-control-allow-headers"] == "authorization")
      #expect(try await server.get("/health", ["Origin: https://other.example"]).status == 403)
      try await server.stop()
    }

    @Test
    func `says which methods a path takes`() async throws {
      let server = try await TestServer.ready()
      for (method, path, allowed) in [
        ("GET", "/v1/chat/completions", "POST"), ("POST", "/v1/models", "GET, HEAD"), ("DELETE", "/", "GET, HEAD"),
        ("OPTIONS", "/v1/chat/completions", "POST"),
      ] {
        let reply = try Reply(try await server.raw(TestServer.bytes(method, path)))
        #expect(reply.status == 405 && reply.fields["allow"] == allowed, "\(method) \(path)")
      }
      let head = try Reply(try await server.raw(TestServer.bytes("HEAD", "/health")))
      #expect(head.status == 200 && head.body.isEmpty && head.fields["content-length"] == "15")
      #expect(try await server.get("/metrics").status == 404)
      try await server.stop()
    }

    @Test
    func `bounds bodies whether their length is told or not`() async throws {
      var options = ServingOptions(port: 0)
      options.limits.bodyBytes = 1 << 20
      let server = try await TestServer.ready(options)
      let large = [UInt8](repeating: UInt8(ascii: "a"), count: 3 << 20)
      let told = try Reply(try await server.raw(TestServer.bytes("POST", "/v1/chat/completions", body: large)))
      #expect(try told.status == 413 && told.error("code") == "request_too_large")
      let fields = "Host: localhost\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
      let head = Array("POST /v1/chat/completions HTTP/1.1\r\n\(fields)".utf8)
      let chunk = Array("\(String(large.count, radix: 16))\r\n".utf8) + large + Array("\r\n0\r\n\r\n".utf8)
      #expect(try Reply(try await server.raw(head + chunk)).status == 413)
      let deep = String(repeating: "[", count: 100_000)
      for body in [deep, String(repeating: #"{"a":"#, count: 1000), "", "[]", "{", "\u{1}"] {
        #expect(try await server.post(body).status == 400)
      }
      try await server.stop()
    }

    @Test
    func `ends connections whose head or body does not come, and not others`() async throws {
      var options = ServingOptions(port: 0)
      (options.limits.headTime, options.limits.bodyTime) = (.milliseconds(200), .milliseconds(200))
      let server = try await TestServer.ready(options)
      let head = "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{"
      for begun in ["", "GET / HTTP/1.1\r\nHos", head] {
        let connection = try Connection(port: server.port)
        await connection.write(Array(begun.utf8))
        #expect(try await server.get("/health").status == 200)
        let reply = try Reply(await connection.read())
        #expect(try reply.status == 408 && reply.error("code") == "timeout", "\(begun)")
      }
      try await server.stop()
    }

    @Test
    func `takes what is not HTTP for what it is`() async throws {
      let server = try await TestServer.ready()
      let host = "Host: localhost\r\n"
      let cases: [(String, Set<Int>)] = [
        ("GARBAGE\r\n\r\n", [400]), ("GET / HTTP/3.0\r\n\(host)\r\n", [505]), ("GET /\r\n\r\n", [400, 505]),
        ("GET / HTTP/1.1\r\n\(host)X: \(String(repeating: "a", count: 200_000))\r\n\r\n", [431]),
        ("GET /\(String(repeating: "a", count: 300_000)) HTTP/1.1\r\n\(host)\r\n", [431]),
        ("GET / HTTP/1.1\r\n\(host)\((0..<500).map { "X\($0): y\r\n" }.joined())\r\n", [431]),
        ("POST / HTTP/1.1\r\n\(host)Content-Length: abc\r\n\r\n", [400]),
        ("POST / HTTP/1.1\r\n\(host)Content-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef", [400]),
        ("POST / HTTP/1.1\r\n\(host)Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", [400]),
        ("POST /v1/chat/completions HTTP/1.1\r\n\(host)Transfer-Encoding: chunked\r\n\r\nzz\r\n", [400]),
        ("GET /health HTTP/1.0\r\n\(host)\r\n", [200]),
      ]
      for (bytes, statuses) in cases {
        let reply = try Reply(try await server.raw(Array(bytes.utf8)))
        #expect(statuses.contains(reply.status), "\(bytes.prefix(60)): \(reply.status)")
        if reply.status != 200 { #expect(try reply.json()["error"]?.members?.count == 4) }
      }
      #expect(try await server.get("/health").status == 200)
      try await server.stop()
    }

    @Test
    func `reads pictures of its media folder and tells nothing of others`() async throws {
      let folder = FileManager.default.temporaryDirectory.appending(path: "vlmprune-tests-\(UUID().uuidString)")
      defer { try? FileManager.default.removeItem(at: folder) }
      let media = folder.appending(path: "media")
      try FileManager.default.createDirectory(at: media, withIntermediateDirectories: true)
      let square = Fixtures.image("tiny-square.png")
      try FileManager.default.copyItem(at: square, to: media.appending(path: "a b.png"))
      try FileManager.default.copyItem(at: square, to: folder.appending(path: "outside.png"))
      try FileManager.default.createSymbolicLink(
        at: media.appending(path: "link.png"), withDestinationURL: folder.appending(path: "outside.png"))
      let pictures = try #require(MediaFolder(media.path))
      let server = try await TestServer.ready(ServingOptions(port: 0, media: pictures))
      for host in ["", "localhost"] {
        #expect(try await server.chat(url: "file://\(host)\(media.path)/a%20b.png").status == 200)
      }
      var messages: Set<String> = []
      for url in [
        "\(media.path)/../outside.png", "\(media.path)/link.png", "\(media.path)/none.png", "/etc/passwd", "/nowhere",
        "\(media.path)", "\(media.path)/a%2520b.png", "\(media.path)/%00", "\(folder.path)/media-2/x.png",
      ] {
        let reply = try await server.chat(url: "file://\(url)")
        #expect(reply.status == 400, "\(url)")
        messages.insert(try #require(try reply.error("message")))
      }
      #expect(try await server.chat(url: "file://evil\(media.path)/a%20b.png").status == 400)
      #expect(messages.count == 1 && messages.allSatisfy { !$0.contains(media.path) })
      try await server.stop()
    }
  }
#endif
