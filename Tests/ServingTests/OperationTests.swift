#if Server
  import Basics
  import Foundation
  import Logging
  import TestSupport
  import Testing
  import VLM

  @testable import Serving

  @Suite struct `A server at work` {
    /// The answer to the square's question, as a service would give it.
    private func answer() throws -> ServedAnswer {
      let answer = try TestServer.ask()
      return ServedAnswer(record: answer.record, plans: answer.plans, cachedTokens: 7, encodedPictures: 1)
    }

    @Test
    func `says that it loads until it has loaded`() async throws {
      let gate = DispatchSemaphore(value: 0)
      let server = try await TestServer(load: { gate.wait() })
      for path in ["/health", "/ready", "/v1/models"] {
        let reply = try await server.get(path)
        #expect(reply.status == 503 && reply.fields["retry-after"] != nil, "\(path)")
      }
      #expect(try await server.chat().error("code") == "loading")
      gate.signal()
      while try await server.get("/ready").status != 200 {}
      #expect(try await server.chat("\"max_tokens\": 1").status == 200)
      try await server.stop()
    }

    @Test
    func `refuses what the queue does not hold, at once`() async throws {
      let held = HeldService(limit: 1)
      let server = try await TestServer.ready(service: held)
      let first = try Connection(port: server.port)
      let body = try TestServer.body()
      await first.write(TestServer.bytes("POST", "/v1/chat/completions", body: Array(body.utf8)))
      await held.submission()
      let refused = try await server.chat()
      #expect(refused.status == 429 && refused.fields["retry-after"] != nil)
      #expect(try refused.error("code") == "queue_full")
      held.send(.finished(try answer()))
      let reply = try Reply(await first.read())
      #expect(reply.status == 200)
      #expect(try reply.json()["usage"]?["prompt_tokens_details"]?["cached_tokens"]?.integer == 7)
      try await server.stop()
    }

    @Test
    func `a client that leaves cancels its answer`() async throws {
      for more in ["", #""stream": true"#] {
        let held = HeldService()
        let server = try await TestServer.ready(service: held)
        var connection: Connection? = try Connection(port: server.port)
        let body = try TestServer.body(more)
        await connection?.write(TestServer.bytes("POST", "/v1/chat/completions", body: Array(body.utf8)))
        await held.submission()
        connection = nil
        await held.cancellation()
        try await server.stop()
      }
    }

    @Test
    func `a stream's head comes while the request waits, and comments after it`() async throws {
      var options = ServingOptions(port: 0)
      options.limits.pingTime = .milliseconds(50)
      let held = HeldService()
      let server = try await TestServer.ready(options, service: held)
      let connection = try Connection(port: server.port)
      let body = try TestServer.body(#""stream": true"#)
      await connection.write(TestServer.bytes("POST", "/v1/chat/completions", body: Array(body.utf8)))
      let waiting = await connection.read(until: ": ping")
      #expect(waiting.hasPrefix("HTTP/1.1 200") && !waiting.contains("data:"))
      held.send(.started)
      #expect(await connection.read(until: "data: ").contains("data:"))
      held.send(.failed(.notFinite(stage: "the decoder")))
      let rest = String(decoding: await connection.read(), as: UTF8.self)
      #expect(rest.contains(#""error":"#) && !rest.contains("[DONE]"))
      try await server.stop()
    }

    @Test
    func `a stop answers what was taken, and takes nothing new`() async throws {
      let held = HeldService(limit: 2)
      let server = try await TestServer.ready(service: held)
      let idle = try Connection(port: server.port)
      await idle.write(Array("GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n".utf8))
      _ = await idle.read(until: "}")
      let running = try Connection(port: server.port)
      await running.write(TestServer.bytes("POST", "/v1/chat/completions", body: Array(try TestServer.body().utf8)))
      await held.submission()
      server.beginStop()
      // The connection that idles is closed, and nobody answers new ones.
      #expect(await idle.read().isEmpty)
      held.send(.finished(try answer()))
      #expect(try Reply(await running.read()).status == 200)
      try await server.end()
      #expect(throws: (any Error).self) { try Connection(port: server.port) }
    }

    @Test
    func `counts what it did, and logs nothing of what it was asked`() async throws {
      let server = try await TestServer.ready(ServingOptions(port: 0, showsMetrics: true))
      let secret = "xyzzy-secret"
      #expect(try await server.chat(#""prune": {"keep": 9}, "user": "\#(secret)""#, question: secret).status == 200)
      #expect(try await server.chat(#""model": "\#(secret)""#).status == 404)
      #expect(try await server.chat(#""prune": {"strategy": "\#(secret)"}"#).status == 400)
      _ = try await server.get("/\(secret)?\(secret)")
      let reply = try await server.get("/metrics")
      #expect(reply.fields["content-type"]?.hasPrefix("text/plain; version=0.0.4") == true)
      for line in [
        #"vlmprune_requests_total{status="200"} 1"#, #"vlmprune_requests_total{status="404"} 1"#,
        #"vlmprune_requests_total{status="400"} 1"#, "vlmprune_queue_length 0",
        #"vlmprune_visual_tokens_total{strategy="hiprune"} 25"#, #"vlmprune_kept_tokens_total{strategy="hiprune"} 9"#,
        #"vlmprune_stage_seconds_count{stage="encode"} 1"#,
        #"vlmprune_stage_seconds_bucket{stage="decode",le="+Inf"} 1"#,
      ] { #expect(reply.text.contains(line + "\n"), "\(line) in \(reply.text)") }
      let samples = reply.text.split(separator: "\n").filter { !$0.hasPrefix("#") }
      #expect(samples.allSatisfy { $0.wholeMatch(of: #/[a-z_]+(\{[^}]*\})? [0-9.e+-]+/#) != nil })
      #expect(!reply.text.contains(secret) && !server.log.text.contains(secret))
      #expect(server.log.text.contains("kept_tokens"))
      try await server.stop()
    }

    @Test
    func `many clients at a time get the answers of one`() async throws {
      let server = try await TestServer.ready(service: SerialService(model: try TestServer.model.get(), queueLimit: 32))
      let questions = (0..<16).map { "What is number \($0)?" }
      let texts = try await withThrowingTaskGroup(of: (Int, String?).self) { group in
        for (index, question) in questions.enumerated() {
          group.addTask {
            let reply = try await server.chat(question: question)
            return (
              index, try reply.json()["choices"]?.elements?.first { _ in true }?["message"]?["content"]?.string
            )
          }
        }
        return try await group.reduce(into: [Int: String]()) { $0[$1.0] = $1.1 }
      }
      for (index, question) in questions.enumerated() {
        #expect(try texts[index] == TestServer.ask(question: question).text)
      }
      try await server.stop()
    }

    @Test
    func `a port in use is an error`() async throws {
      let server = try await TestServer.ready()
      let second = ChatServer(
        ServingOptions(port: server.port), logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
      ) { try TestServer.served() }
      await #expect(throws: ServingError.self) { try await second.run { _ in } }
      try await server.stop()
    }

    @Test
    func `the page works alone`() async throws {
      let server = try await TestServer.ready()
      let page = try await server.get("/")
      let policy = try #require(page.fields["content-security-policy"])
      #expect(policy.hasPrefix("default-src 'none'") && policy.contains("frame-ancestors 'none'"))
      #expect(page.fields["x-content-type-options"] == "nosniff")
      // Nothing is loaded from anywhere, and nothing is left to fill in.
      #expect(page.text.firstMatch(of: #/(src|href)="(?!data:,")/#) == nil && !page.text.contains("{program}"))
      for kind in ["file", "text", "range"] { #expect(page.text.contains("type=\"\(kind)\"")) }
      #expect(page.text.matches(of: #/type="submit"/#).count == 1)
      for id in page.text.matches(of: #/<(?:input|select) id="([a-z]+)"/#).map({ $0.1 }) {
        #expect(page.text.contains("for=\"\(id)\""), "\(id) has no label")
      }
      try await server.stop()
    }
  }
#endif
