#if Server
  import Basics
  import TestSupport
  import Testing

  @testable import Serving

  @Suite struct `Chat completions` {
    private func content(_ reply: Reply) throws -> String {
      try #require(try reply.json()["choices"]?.elements?.first { _ in true }?["message"]?["content"]?.string)
    }

    /// The text that a stream's pieces make, and its pieces.
    private func pieces(_ objects: [JSONValue]) -> [String] {
      objects.compactMap { $0["choices"]?.elements?.first { _ in true }?["delta"]?["content"]?.string }
    }

    @Test
    func `are the answers that the engine gives itself, whole and streamed`() async throws {
      let server = try await TestServer.ready()
      for (more, strategy, keep) in [
        ("", "none", "all"), (#""prune": {"keep": 9}"#, "hiprune", "9"),
        (#""prune": {"strategy": "fastervlm", "keep": "25%"}"#, "fastervlm", "25%"),
        (#""prune": {"strategy": "random", "keep": 0.5}"#, "random", "0.5"),
        (#""prune": null, "temperature": null"#, "none", "all"),
      ] {
        let expected = try TestServer.ask(strategy, keep: keep)
        let reply = try await server.chat(more)
        let object = try reply.json()
        #expect(try reply.status == 200 && content(reply) == expected.text, "\(more)")
        #expect(object["usage"]?["prompt_tokens"]?.integer == expected.promptLength)
        #expect(object["usage"]?["completion_tokens"]?.integer == expected.generatedTokens)
        #expect(object["vlmprune"]?["visual_kept"]?.integer == expected.keptTokens)
        #expect(object["vlmprune"]?["strategy"]?.string == expected.strategy.description)
        let stream = try await server.chat(
          [more, #""stream": true, "stream_options": {"include_usage": true}"#].filter { !$0.isEmpty }
            .joined(separator: ", "))
        let (objects, isDone) = try stream.events()
        #expect(stream.fields["content-type"]?.hasPrefix("text/event-stream") == true && isDone)
        #expect(pieces(objects).joined() == expected.text)
        let delta = objects[0]["choices"]?.elements?.first { _ in true }?["delta"]
        #expect(delta?["role"]?.string == "assistant")
        let finish = objects[objects.count - 2]["choices"]?.elements?.first { _ in true }
        #expect(
          finish?["finish_reason"]?.string == expected.finishReason.rawValue && finish?["delta"]?.members?.count == 0)
        #expect(objects[objects.count - 1]["choices"]?.elements?.count == 0)
        #expect(objects[objects.count - 1]["usage"]?["prompt_tokens"]?.integer == expected.promptLength)
        #expect(objects[0]["usage"]?.isNull == true)
      }
      try await server.stop()
    }

    @Test
    func `detail chooses the budget where prune names none`() async throws {
      let server = try await TestServer.ready()
      let url = try TestServer.square()
      func kept(_ detail: String, _ more: String = "") async throws -> Int? {
        let part = #"{"type": "image_url", "image_url": {"url": "\#(url)", "detail": "\#(detail)"}}"#
        let text = #"{"type": "text", "text": "What is this?"}"#
        let reply = try await server.post(
          #"{"messages": [{"role": "user", "content": [\#(text), \#(part)]}], "max_tokens": 1\#(more)}"#)
        return try reply.json()["vlmprune"]?["visual_kept"]?.integer
      }
      let all = try TestServer.ask(tokens: 1).visualTokens
      #expect(try await kept("auto") == all)
      #expect(try await kept("high") == all)
      #expect(try await kept("low") == TestServer.ask("hiprune", keep: "11%", tokens: 1).keptTokens)
      #expect(try await kept("low", #", "prune": {"keep": 9}"#) == 9)
      try await server.stop()
    }

    @Test
    func `a dialogue goes on after its earlier turns`() async throws {
      let server = try await TestServer.ready()
      let model = try TestServer.model.get()
      let url = try TestServer.square()
      let first = try TestServer.ask()
      let reply = try await server.post(
        """
        {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": "\(url)"}, \
        {"type": "text", "text": "What is this?"}]}, {"role": "assistant", "content": "A square."}, \
        {"role": "user", "content": "And its colour?"}]}
        """)
      #expect(reply.status == 200)
      let longer = try #require(try reply.json()["usage"]?["prompt_tokens"]?.integer)
      #expect(longer > first.promptLength && model.name == "tiny-classic")
      for (messages, fragment) in [
        (#"[{"role": "assistant", "content": "a"}, {"role": "user", "content": "b"}]"#, "answers nothing"),
        (#"[{"role": "user", "content": "a"}, {"role": "user", "content": "b"}]"#, "in a row"),
        (#"[{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]"#, "ends with"),
        (#"[{"role": "user", "content": "a"}, {"role": "system", "content": "b"}]"#, "system message after"),
        (#"[{"role": "tool", "content": "a"}]"#, "tool"),
      ] {
        let reply = try await server.post(#"{"messages": \#(messages)}"#)
        #expect(reply.status == 400 && reply.text.contains(fragment), "\(reply.text)")
        #expect(try reply.error("param") == "messages")
      }
      try await server.stop()
    }

    @Test
    func `stop ends the answer before its text, and no piece shows its beginning`() async throws {
      let server = try await TestServer.ready()
      let whole = try TestServer.ask(tokens: 64).text
      let middle = whole.index(whole.startIndex, offsetBy: whole.count / 2)
      let stop = String(whole[middle...].prefix(3))
      let expected = String(whole[..<(try #require(whole.firstRange(of: stop)).lowerBound)])
      let text = String(decoding: ChatJSON.bytes([stop, "never"]), as: UTF8.self)
      let reply = try await server.chat(#""stop": \#(text), "max_tokens": 64"#)
      #expect(try content(reply) == expected)
      #expect(reply.text.contains(#""finish_reason":"stop""#))
      let (objects, isDone) = try await server.chat(#""stop": \#(text), "max_tokens": 64, "stream": true"#).events()
      #expect(pieces(objects).joined() == expected && isDone)
      let used = try #require(try reply.json()["usage"]?["completion_tokens"]?.integer)
      #expect(try used < TestServer.ask(tokens: 64).generatedTokens)
      try await server.stop()
    }

    @Test
    func `a seed repeats what is drawn; without one it is drawn anew`() async throws {
      let server = try await TestServer.ready()
      func drawn(_ more: String) async throws -> String {
        try content(try await server.chat(#""temperature": 2, "max_tokens": 24\#(more)"#))
      }
      #expect(try await drawn(#", "seed": 5"#) == drawn(#", "seed": 5"#))
      #expect(try await drawn("") != drawn(""))
      try await server.stop()
    }

    @Test
    func `answers have the form that the description gives`() async throws {
      let server = try await TestServer.ready(ServingOptions(port: 0, showsMetrics: true))
      let description = try await server.get("/openapi.json").json()
      let url = Fixtures.root.appending(path: "docs/schema/openapi.json")
      #expect(try await server.get("/openapi.json").text == String(contentsOf: url, encoding: .utf8))
      func check(_ value: JSONValue, _ schema: String) throws {
        #expect(try SchemaValidator(openAPI: description, schema: schema).problems(value) == [])
      }
      try check(try await server.chat(#""prune": {"keep": 9, "return_kept": true}"#).json(), "ChatCompletion")
      let stream = try await server.chat(
        #""stream": true, "stream_options": {"include_usage": true}, "prune": {"return_kept": true}"#)
      for chunk in try stream.events().objects { try check(chunk, "ChatChunk") }
      try check(try await server.get("/v1/models").json(), "ModelList")
      try check(try await server.get("/v1/models/tiny-classic").json(), "Model")
      try check(try await server.get("/health").json(), "Health")
      try check(try await server.get("/nowhere").json(), "Error")
      try check(try JSONValue(parsing: Array(try TestServer.body(#""prune": {"keep": 9}"#).utf8)), "ChatRequest")
      for path in description["paths"]?.members.map({ $0.map(\.name) }) ?? [] where !path.contains("completions") {
        let path = path.replacing("{id}", with: "tiny-classic")
        #expect(try await server.get(path).status == 200, "\(path)")
      }
      try await server.stop()
    }

    @Test
    func `kept patches are named where they are asked for`() async throws {
      let server = try await TestServer.ready()
      let expected = try TestServer.ask("hiprune", keep: "9")
      let reply = try await server.chat(#""prune": {"keep": 9, "return_kept": true}"#).json()
      let picture = reply["vlmprune"]?["images"]?.elements?.first { _ in true }
      let view = picture?["views"]?.elements?.first { _ in true }
      #expect(view?["kept"]?.elements?.compactMap(\.integer) == expected.plans[0].views[0].keptTokens.sorted())
      #expect(view?["grid"]?.elements?.compactMap(\.integer).reduce(1, *) == expected.visualTokens)
      #expect(view?["region"]?.elements?.count == 4)
      try await server.stop()
    }
  }
#endif
